import { partOf, readExactly } from "../byte-source.js";
import type { ElfContents } from "./contents.js";
import type { ElfHeader } from "./header.js";
import { PT_DYNAMIC, readWord } from "./structures.js";
import { gnuHash, type SymbolHash, sysvHash } from "./symbol-hash.js";
import { SymbolTable } from "./symbol-table.js";

const DT_NULL = 0;
const DT_HASH = 4;
const DT_STRTAB = 5;
const DT_SYMTAB = 6;
const DT_STRSZ = 10;
const DT_GNU_HASH = 0x6ffffef5;

const LARGEST_DYNAMIC_SECTION = 2 ** 16;

/** `.dynsym` as the dynamic linker finds it, which needs no section headers; undefined for a static program. */
export function dynamicSymbolTable(contents: ElfContents, header: ElfHeader): SymbolTable | undefined {
  const tags = readDynamicTags(contents, header);
  const at = (tag: number) => {
    const pointer = tags.get(tag);
    return pointer === undefined ? undefined : contents.inImage(contents.imageOffsetOf(pointer));
  };
  const entries = at(DT_SYMTAB);
  const strings = at(DT_STRTAB);
  const [gnu, sysv] = [at(DT_GNU_HASH), at(DT_HASH)];
  // Only the hash tables tell how many symbols there are.
  const hash: SymbolHash | undefined = gnu ? gnuHash(gnu, header.elfClass) : sysv && sysvHash(sysv);
  if (!entries || !strings || !hash) return undefined;
  const part = ".dynsym";
  const names = partOf(strings, 0, tags.get(DT_STRSZ) ?? strings.size, `names of ${part}`);
  return new SymbolTable(part, header.elfClass, entries, names, hash, () => hash.symbolCount());
}

function readDynamicTags(
  contents: ElfContents,
  { elfClass, programHeaders }: ElfHeader,
): Map<number, number> {
  const tags = new Map<number, number>();
  const dynamic = programHeaders.find(({ p_type }) => p_type === PT_DYNAMIC);
  const section = dynamic && contents.inImage(dynamic.p_vaddr);
  if (!dynamic || !section) return tags;
  const size = Math.min(dynamic.p_filesz, section.size, LARGEST_DYNAMIC_SECTION);
  const view = readExactly(section, 0, size, "dynamic section");
  const { pointerSize } = elfClass;
  for (let start = 0; start + 2 * pointerSize <= size; start += 2 * pointerSize) {
    const tag = readWord(view, start, elfClass);
    if (tag === DT_NULL) break;
    tags.set(tag, readWord(view, start + pointerSize, elfClass));
  }
  return tags;
}
