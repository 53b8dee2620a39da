import onnxProto from "onnx-proto";

type AttributeProto = onnxProto.onnx.IAttributeProto;

/** A node's attributes. `checkAllRead` throws if the interpreter has not read one of them. */
export class Attributes {
  readonly #protos: Map<string, AttributeProto>;
  readonly #read = new Set<string>();

  constructor(protos: readonly AttributeProto[]) {
    this.#protos = new Map(protos.map((proto) => [proto.name!, proto]));
  }

  #get(name: string, type: number): AttributeProto | undefined {
    this.#read.add(name);
    const proto = this.#protos.get(name);
    if (proto !== undefined && proto.type !== type)
      throw new Error(`attribute ${name} has type ${proto.type}, not ${type}`);
    return proto;
  }

  int(name: string, otherwise: number): number {
    return Number(this.#get(name, onnxProto.onnx.AttributeProto.AttributeType.INT)?.i ?? otherwise);
  }

  float(name: string, otherwise: number): number {
    return this.#get(name, onnxProto.onnx.AttributeProto.AttributeType.FLOAT)?.f ?? otherwise;
  }

  ints(name: string, otherwise: readonly number[]): number[] {
    return (this.#get(name, onnxProto.onnx.AttributeProto.AttributeType.INTS)?.ints ?? otherwise).map(Number);
  }

  string(name: string, otherwise: string): string {
    const bytes = this.#get(name, onnxProto.onnx.AttributeProto.AttributeType.STRING)?.s;
    return bytes === undefined || bytes === null ? otherwise : new TextDecoder().decode(bytes);
  }

  checkAllRead(): void {
    const unread = [...this.#protos.keys()].filter((name) => !this.#read.has(name));
    if (unread.length > 0) throw new Error(`no rule for attribute ${unread.join(", ")}`);
  }
}
