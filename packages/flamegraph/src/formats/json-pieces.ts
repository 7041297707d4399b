/** A JSON array of numbers in pieces of bounded length. */
export function* jsonNumbers(numbers: ArrayLike<number>): Generator<string> {
  for (let start = 0; start < numbers.length; start += SLICE) {
    const slice = Array.prototype.slice.call(numbers, start, start + SLICE);
    yield `${start === 0 ? "[" : ","}${slice.join(",")}`;
  }
  yield numbers.length === 0 ? "[]" : "]";
}

const SLICE = 16_384;

/** A JSON array of what is JSON already, an element a line. */
export function* jsonLines(elements: Iterable<string>): Generator<string> {
  let before = "[\n";
  for (const element of elements) {
    yield before + element;
    before = ",\n";
  }
  yield before === "[\n" ? "[]" : "\n]";
}
