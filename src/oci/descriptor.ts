import { type Digest, digestOf } from '#kernel';

/** Where a manifest runs; see image-index.md. */
export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
}

export type Annotations = Readonly<Record<string, string>>;

/** A reference to bytes (OCI image-spec 1.1, descriptor.md); `size` in bytes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType?: string;
  readonly platform?: Platform;
  readonly annotations?: Annotations;
  /** Where else the bytes may be; a layer with these need not be in the registry. */
  readonly urls?: readonly string[];
}

/** Bytes and what names them. */
export interface Content {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

export function contentOf(bytes: Uint8Array, mediaType: string, more: Partial<Descriptor> = {}): Content {
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length, ...more }, bytes };
}
