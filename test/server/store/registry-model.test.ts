/** The reference is held to the contract too, so that what engines are held against is right. */
import { createModelState, RegistryModel } from '../../support/registry-model.ts';
import { describeRegistryStore } from './contract.ts';

describeRegistryStore('the model in memory', async () => {
  const state = createModelState();
  return { open: async () => new RegistryModel(state), destroy: async () => {} };
});
