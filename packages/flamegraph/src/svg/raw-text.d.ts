/** A file taken as text: inlined by the bundler, so that nothing is read when the package runs. */
declare module "*.browser.js?raw" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: bundlers give a file's text as the default
  export default text;
}
