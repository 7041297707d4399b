import {
  ABSENT,
  decodePointers,
  decodeSlots,
  decodeType,
  decodeWeakReference,
  type ObjectKind,
  objectKind,
  slotTable,
  TypeFlag,
  type TypeHeader,
  tupleHeader,
  typeAddress,
} from "@pyspy/cpython-layouts";
import type { Address } from "@pyspy/proc-memory";
import { plainText } from "./escapes.js";
import type { ObjectReader } from "./object-reader.js";

/** A type of the target. */
export interface PythonType {
  readonly address: Address;
  readonly header: TypeHeader;
  /** Bytes of the type object. */
  readonly bytes: Uint8Array;
  /** `__name__`; can be printed as it is. */
  readonly name: string;
  /** `__module__`; undefined if it has none, `builtins` or in 2.x `__builtin__` for what is built in. */
  readonly module: string | undefined;
  /** `__qualname__`, which in 2.x is the name. */
  readonly qualname: string;
  /** With its module, but for builtin ones: `collections.deque`, `app.Outer.Inner`, `int`. */
  readonly fullName: string;
  /** What C writes of it: `tp_name`, which has the module in front if C made the type. */
  readonly tpName: string;
  /** Not made by a `class` statement or the like. */
  readonly isStatic: boolean;
  /** Made by C, also where that makes types while the program runs. */
  readonly isOfC: boolean;
  /** What an instance is to be decoded as by the type's own word. */
  readonly kind: ObjectKind;
}

/** An attribute at a fixed place in an instance. */
export interface TypeSlot {
  /** Undefined if it could not be read. */
  readonly name: string | undefined;
  readonly offset: number;
}

const MAX_SLOT_BYTES = 2 ** 14;

/** A `__repr__` in the body of a class. */
export interface WrittenRepr {
  readonly owner: PythonType;
  readonly address: Address;
}

/** Classes do not derive from one another more often. */
const MAX_BASES = 64;
/** Items of a class body that are looked through for a name. */
const MAX_CLASS_ITEMS = 1024;

/** Reads types, each once, unless the reader's allowance ended meanwhile. */
export class PythonTypes {
  readonly #objects: ObjectReader;
  readonly #known = new Map<Address, PythonType>();
  readonly #attributes = new Map<string, Address>();
  readonly #subclasses = new Map<Address, readonly PythonType[]>();
  readonly #slots = new Map<Address, readonly TypeSlot[]>();
  readonly #mros = new Map<Address, readonly PythonType[]>();

  constructor(objects: ObjectReader) {
    this.#objects = objects;
  }

  /** The type of an object; undefined if it is unreadable or none. */
  of(object: Uint8Array): PythonType | undefined {
    const address = typeAddress(this.#objects.layout, object);
    return address === undefined ? undefined : this.at(address);
  }

  at(address: Address): PythonType | undefined {
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    const type = this.#read(address);
    if (type !== undefined && this.#objects.allowance > 0) this.#known.set(address, type);
    return type;
  }

  #read(address: Address): PythonType | undefined {
    const { layout } = this.#objects;
    const bytes = this.#objects.bytes(address, layout.type.size);
    const header = decodeType(layout, bytes);
    const tpName = header && this.#objects.cString(header.name);
    if (header === undefined || !tpName) return undefined;
    const isStatic = (header.flags & TypeFlag.heapType) === 0;
    // Those of C have their module in front: `collections.deque`; but any class can be called `Reply[app.User]`.
    const dot = tpName.lastIndexOf(".");
    const isOfC =
      isStatic || (dot >= 0 && header.ownName !== 0 && !this.text(header.ownName)?.startsWith(tpName));
    const name = isOfC ? tpName.slice(dot + 1) : tpName;
    // An extension can have a `foo.set`.
    const kind = objectKind(layout, header, isStatic ? tpName : name);
    const type = {
      address,
      header,
      bytes,
      name: plainText(name),
      tpName: plainText(tpName),
      isStatic,
      isOfC,
      kind,
    };
    const modulePart = dot < 0 || !isOfC ? undefined : plainText(tpName.slice(0, dot));
    if (isStatic) {
      const builtin = layout.int.ob_ival < 0 ? "builtins" : "__builtin__";
      return {
        ...type,
        module: modulePart ?? builtin,
        qualname: type.name,
        fullName: plainText(tpName),
      };
    }
    const written = this.text(this.#attributeOf(header, "__module__"));
    const module = written === undefined ? modulePart : plainText(written);
    const fromQualname = header.qualname === 0 ? undefined : this.text(header.qualname);
    const qualname = plainText(fromQualname ?? name);
    const isBuiltin = module === undefined || module === "builtins" || module === "__builtin__";
    return { ...type, module, qualname, fullName: isBuiltin ? qualname : `${module}.${qualname}` };
  }

  /** A type, its base, the base of that, and so on. */
  *lineage(type: PythonType): Generator<PythonType> {
    let next: PythonType | undefined = type;
    for (let count = 0; next !== undefined && count < MAX_BASES; count++) {
      yield next;
      next = next.header.base === 0 ? undefined : this.at(next.header.base);
    }
  }

  /** A type and all that it derives from, in the order in which Python looks for attributes. */
  mro(type: PythonType): readonly PythonType[] {
    const known = this.#mros.get(type.address);
    if (known !== undefined) return known;
    const addresses = tupleItems(this.#objects, type.header.mro, MAX_BASES);
    const types = addresses.flatMap((address) => this.at(address) ?? []);
    // A type that is in the making has none yet.
    const mro = types[0]?.address === type.address ? types : [...this.lineage(type)];
    if (this.#objects.allowance > 0) this.#mros.set(type.address, mro);
    return mro;
  }

  /** The first types that derive from one of an extension directly, as far as they are there still (3.x). */
  subclasses(type: PythonType): readonly PythonType[] {
    const known = this.#subclasses.get(type.address);
    if (known !== undefined) return known;
    const { layout } = this.#objects;
    const dict = type.header.subclasses;
    const found: PythonType[] = [];
    for (const { value } of dict === 0 ? [] : this.#objects.dictEntries(dict)) {
      const address = decodeWeakReference(layout, this.#objects.object(value)) ?? 0;
      const subclass = found.length < MAX_BASES ? this.at(address) : undefined;
      if (subclass === undefined) break;
      found.push(subclass);
    }
    if (this.#objects.allowance > 0) this.#subclasses.set(type.address, found);
    return found;
  }

  /** The `__repr__` that a class written in Python gives its instances; undefined if it leaves that to C. */
  writtenRepr(type: PythonType): WrittenRepr | undefined {
    const mro = type.isStatic ? [] : this.mro(type);
    if (mro.some(({ isOfC, header }) => isOfC && header.repr === type.header.repr)) return undefined;
    for (const owner of mro) {
      const address = owner.isOfC ? 0 : this.attribute(owner, "__repr__");
      if (address !== 0) return { owner, address };
    }
    return undefined;
  }

  /** The `__slots__` of a type and its bases. */
  slots(type: PythonType): readonly TypeSlot[] {
    const known = this.#slots.get(type.address);
    if (known !== undefined) return known;
    const slots = [...this.lineage(type)].flatMap((base) => this.#ownSlots(base));
    if (this.#objects.allowance > 0) this.#slots.set(type.address, slots);
    return slots;
  }

  #ownSlots(type: PythonType): TypeSlot[] {
    const { layout } = this.#objects;
    // Static types have other things there.
    const metatype = type.isStatic ? undefined : this.of(type.bytes);
    const table = metatype && slotTable(layout, type.bytes, metatype.header);
    if (table === undefined) return [];
    const length = Math.min(table.byteLength, MAX_SLOT_BYTES);
    const data = this.#objects.bytes(type.address + table.dataOffset, length);
    return decodeSlots(layout, data).map(({ name, offset }) => ({
      name: this.#objects.cString(name),
      offset,
    }));
  }

  /** What a string says, also one of bytes in 2.x; undefined if it is none, or longer than `limit` bytes. */
  text(address: Address, limit?: number): string | undefined {
    const { layout } = this.#objects;
    const type = typeAddress(layout, this.#objects.object(address));
    const kind = type === undefined ? undefined : (this.#known.get(type)?.kind ?? this.#textKind(type));
    const isText = kind === "unicode" || (kind === "bytes" && layout.int.ob_ival !== ABSENT);
    return isText ? this.#objects.text(address, kind, limit) : undefined;
  }

  /** By its own word, since {@link at} would ask for the names of types, which are texts, too. */
  #textKind(type: Address): ObjectKind | undefined {
    const { layout } = this.#objects;
    if (!layout.type.hasSubclassFlags) return "bytes";
    const header = decodeType(layout, this.#objects.bytes(type, layout.type.size));
    return header && objectKind(layout, header, "");
  }

  /** Address of what the body of a class says for a name, 0 if nothing. */
  attribute(type: PythonType, name: string): Address {
    const key = `${type.address} ${name}`;
    const known = this.#attributes.get(key);
    if (known !== undefined) return known;
    const value = this.#attributeOf(type.header, name);
    if (this.#objects.allowance > 0) this.#attributes.set(key, value);
    return value;
  }

  #attributeOf({ dict }: TypeHeader, name: string): Address {
    return dict === 0 ? 0 : findItem(this.#objects, this.#objects.dictEntries(dict), name, MAX_CLASS_ITEMS);
  }
}

/** Address of the value for a key that is a name; 0 if the first `limit` items do not have it. */
export function findItem(
  objects: ObjectReader,
  entries: Iterable<{ readonly key: Address; readonly value: Address }>,
  name: string,
  limit: number,
): Address {
  let count = 0;
  for (const { key, value } of entries) {
    if (objects.name(key, 256) === name) return value;
    count += 1;
    if (count >= limit) break;
  }
  return 0;
}

/** Whether instances of a type are members of an enumeration. */
export function isEnum(types: PythonTypes, type: PythonType): boolean {
  const metatype = type.isStatic ? undefined : types.of(type.bytes);
  if (metatype === undefined || metatype.isStatic) return false;
  for (const { fullName } of types.lineage(metatype)) {
    if (fullName === "enum.EnumType" || fullName === "enum.EnumMeta") return true;
  }
  return false;
}

/** Addresses of the first items of a tuple; none if it is no tuple. */
export function tupleItems(objects: ObjectReader, address: Address, limit: number): Address[] {
  const object = address === 0 ? undefined : objects.object(address);
  const header = object && tupleHeader(objects.layout, object);
  if (object === undefined || header === undefined) return [];
  const data = objects.data(address, object, header, limit * objects.layout.pointerSize);
  return decodePointers(objects.layout, data);
}
