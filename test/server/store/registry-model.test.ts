/** The reference is held to the contract too, so that what engines are held against is right. */
import { createModelState, RegistryModel } from '../../support/registry-model.ts';
import { describeRegistryStore, type StorePlace } from './contract.ts';
import { describeRegistryMemory } from './memory-contract.ts';

const createPlace = async (): Promise<StorePlace> => {
  const state = createModelState();
  return { open: async () => new RegistryModel(state), destroy: async () => {} };
};

describeRegistryStore('the model in memory', createPlace);
describeRegistryMemory('the model in memory', createPlace);
