import { buildCommand } from '@stricli/core';
import { FixityError } from '#kernel';
import type { Context } from './context.ts';

const scripts = {
  bash: `_fixity() {
  local IFS=$'\\n'
  COMPREPLY=($(fixity __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _fixity fixity`,
  zsh: `#compdef fixity
_fixity() {
  local -a found
  found=("\${(@f)$(fixity __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  (( \${#found} )) && [[ -n "\${found[1]}" ]] && compadd -- "\${found[@]}" || _files
}
compdef _fixity fixity`,
  fish: `function __fixity
  set -l words (commandline -opc)[2..-1] (commandline -ct)
  fixity __complete $words 2>/dev/null
end
complete -c fixity -a '(__fixity)'`,
} as const;

export default buildCommand({
  docs: { brief: 'Print the completion script of a shell: eval "$(fixity completion bash)"' },
  parameters: {
    positional: { kind: 'tuple', parameters: [{ brief: 'bash, zsh or fish', parse: String, placeholder: 'shell' }] },
  },
  func(this: Context, _flags: object, shell: string) {
    if (!Object.hasOwn(scripts, shell)) {
      throw new FixityError('invalid-input', `there is no completion for "${shell}"`, {
        next: ['fixity completion bash'],
      });
    }
    this.print(scripts[shell as keyof typeof scripts]);
  },
});
