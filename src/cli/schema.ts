import { buildCommand } from '@stricli/core';
import { z } from 'zod';
import { serviceFile } from '#contract';
import type { Context } from './context.ts';

/** The JSON Schema of `fixity.yaml`, for editors and for the reference. */
export function serviceFileSchema(): object {
  return {
    title: 'fixity.yaml',
    description: 'One service, as fixity ship reads it',
    ...z.toJSONSchema(serviceFile, { io: 'input' }),
  };
}

export default buildCommand({
  docs: { brief: 'Print the JSON Schema of fixity.yaml' },
  parameters: {},
  func(this: Context) {
    this.print(JSON.stringify(serviceFileSchema(), null, 2));
  },
});
