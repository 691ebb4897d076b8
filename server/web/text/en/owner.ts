/** The owner's pages in English. */
import { ownerMark } from './owner-mark.ts';
import { ownerRegister } from './owner-register.ts';
import { ownerVault } from './owner-vault.ts';

export const owner = {
  vault: ownerVault,
  register: ownerRegister,
  mark: ownerMark,
};
