import { buildCommand } from '@stricli/core';
import { repositoryName, tagName } from '#contract';
import { FixityError } from '#kernel';
import type { Context } from './context.ts';
import * as flag from './flags.ts';

interface Flags {
  readonly as: string;
  readonly schema?: string;
  readonly platform?: string;
  readonly preserve?: boolean;
  readonly config?: boolean;
  readonly json?: boolean;
}

export default buildCommand({
  docs: {
    brief: 'Freeze a folder, a tarball or a configuration file under a name that is final',
    fullDescription:
      'fixity freeze ./dist --as checkout:1.4.2\nfixity freeze config.yaml --as checkout-config:7 --schema schema.json',
  },
  parameters: {
    flags: {
      as: {
        kind: 'parsed',
        parse: flag.text,
        brief: 'Repository and tag, such as checkout:1.4.2; without a tag it is frozen by digest only',
        placeholder: 'name',
      },
      schema: {
        kind: 'parsed',
        parse: flag.text,
        brief: 'JSON Schema the configuration must satisfy',
        optional: true,
        placeholder: 'file',
      },
      platform: {
        kind: 'parsed',
        parse: flag.text,
        brief: 'What the build runs on, such as linux/amd64 (any)',
        optional: true,
        placeholder: 'os/arch',
      },
      preserve: { kind: 'boolean', brief: 'Keep owners and modes as they are', optional: true, withNegated: false },
      config: {
        kind: 'boolean',
        brief: 'Freeze a tarball or any other file as a configuration',
        optional: true,
        withNegated: false,
      },
      json: flag.json,
    },
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'A folder, tarball or file', parse: flag.text, placeholder: 'path' }],
    },
  },
  async func(this: Context, flags: Flags, path: string) {
    const { Freezer, isConfiguration } = await import('./freezing.ts');
    const [repository = '', tag, ...rest] = flags.as.split(':');
    const named = repositoryName.safeParse(repository).success && (tag === undefined || tagName.safeParse(tag).success);
    if (rest.length > 0 || !named) {
      throw new FixityError('invalid-input', `"${flags.as}" is not repository:tag`, {
        facts: ['a repository is lower-case letters, digits, dashes and slashes; a tag may have capitals and dots'],
        next: ['fixity freeze PATH --as checkout:1.4.2'],
      });
    }
    const freezer = new Freezer(this);
    const options = { repository, path, ...(tag === undefined ? {} : { tag }) };
    const frozen =
      flags.config || flags.schema !== undefined || isConfiguration(this.cwd, path)
        ? await freezer.config({ ...options, ...(flags.schema === undefined ? {} : { schema: flags.schema }) })
        : await freezer.build({
            ...options,
            preserve: flags.preserve === true,
            ...(flags.platform === undefined ? {} : { platform: flags.platform }),
          });
    if (flags.json) return this.print(JSON.stringify(frozen, null, 2));
    const name = tag === undefined ? `${repository}@${frozen.digest}` : `${repository}:${tag}`;
    return this.print(`Frozen ${name}\n  ${frozen.digest}   ${frozen.what}\nNext: fixity show ${name}`);
  },
});
