/** Whether pyspy works on this Node, `process.versions.node`: 20.19 or later. */
export function supportsNode(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 20 || (major === 20 && minor >= 19);
}
