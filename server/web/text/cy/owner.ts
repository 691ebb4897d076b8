/** Tudalennau’r perchennog yn Gymraeg. */
import type { owner as english } from '../en/owner.ts';
import type { Strings } from '../language.ts';
import { ownerMark } from './owner-mark.ts';
import { ownerRegister } from './owner-register.ts';
import { ownerVault } from './owner-vault.ts';

export const owner: Strings<typeof english> = {
  vault: ownerVault,
  register: ownerRegister,
  mark: ownerMark,
};
