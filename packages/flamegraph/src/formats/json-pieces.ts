/** A JSON array of numbers, or of what `shown` makes of each, in pieces of bounded length: no second column is made. */
export function* jsonNumbers(
  numbers: ArrayLike<number>,
  shown: (value: number, index: number) => number = (value) => value,
): Generator<string> {
  for (let start = 0; start < numbers.length; start += SLICE) {
    const end = Math.min(start + SLICE, numbers.length);
    const slice: number[] = [];
    for (let index = start; index < end; index++) slice.push(shown(numbers[index] ?? 0, index));
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
