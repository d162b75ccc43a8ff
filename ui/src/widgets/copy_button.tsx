// SPDX-License-Identifier: Apache-2.0
import { useSignal } from '@preact/signals';
import { copyText } from '../base/clipboard';
import { announce } from '../base/live';
import { CopyIcon, DoneIcon } from './icons';

interface CopyButtonProps {
  readonly text: string;
  /** What is copied, for the accessible name: "trace id". */
  readonly what: string;
  /** Text instead of the pictogram. */
  readonly label?: string;
}

export function CopyButton({ text, what, label }: CopyButtonProps) {
  const done = useSignal(false);
  const copy = async (): Promise<void> => {
    done.value = await copyText(text);
    announce(done.value ? `Copied ${what}` : `Could not copy ${what}`);
    setTimeout(() => {
      done.value = false;
    }, 1500);
  };
  return (
    <button
      type="button"
      class="button quiet small copy-button"
      aria-label={`Copy ${what}`}
      title={`Copy ${what}`}
      onClick={() => void copy()}
    >
      {done.value ? <DoneIcon /> : (label ?? <CopyIcon />)}
    </button>
  );
}
