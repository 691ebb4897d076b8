/** The secrets of the log: one key a generation, and salts that follow from an entry's append key. */
import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { randomBytes } from '../../../crypto/bytes.ts';
import { createSigningKey } from '../../../crypto/signature.ts';
import {
  addGeneration,
  createLogKeys,
  entrySalt,
  generationKey,
  logSigningKey,
  readLogKeys,
  writeLogKeys,
} from '../../../server/registry/log-key.ts';
import { registryFiles } from '../../../server/registry/config.ts';
import { createFolder } from '../../support/folder.ts';
import { refusal } from '../../support/refusal.ts';

const logOf = (generation: number, publicKey: Uint8Array) => ({ generation, publicKey, start: null, closed: null });

describe('log keys', () => {
  it('are read as they were written, by their owner alone', () => {
    const [folder, keys] = [createFolder(), createLogKeys()];
    writeLogKeys(folder, keys);
    expect(readLogKeys(folder)).toEqual(keys);
    expect(statSync(registryFiles(folder).logKey).mode & 0o777).toBe(0o600);
    expect(() => readLogKeys(createFolder())).toThrow(refusal('badFile'));
  });

  it('keep what is there when a generation is added, once', () => {
    const first = createLogKeys();
    const second = addGeneration(first, 2);
    expect(second.seeds).toHaveLength(2);
    expect(second.seeds[0]).toEqual(first.seeds[0]);
    expect(second.saltKey).toEqual(first.saltKey);
    expect(addGeneration(second, 2)).toEqual(second);
    expect(addGeneration(second, 1)).toEqual(second);
    // Whoever lost the file begins with what the roster has come to.
    expect(addGeneration(createLogKeys(), 4).seeds).toHaveLength(4);
  });

  it('sign for the log that the roster names alone', () => {
    const keys = addGeneration(createLogKeys(), 2);
    for (const generation of [1, 2]) {
      const key = generationKey(keys, generation) as ReturnType<typeof createSigningKey>;
      expect(logSigningKey(keys, logOf(generation, key.publicKey))).toEqual(key);
      expect(() => logSigningKey(keys, logOf(3 - generation, key.publicKey))).toThrow(
        refusal('badFile', 'log-key.json'),
      );
    }
    const stranger = createSigningKey().publicKey;
    expect(() => logSigningKey(keys, logOf(1, stranger))).toThrow(refusal('badFile', 'log-key.json'));
    expect(() => logSigningKey(keys, logOf(3, stranger))).toThrow(refusal('badFile', 'log-key.json'));
  });
});

describe('the salt of an entry', () => {
  it('follows from its append key and the salt key, and from nothing else', () => {
    const [saltKey, key] = [randomBytes(32), randomBytes(32)];
    expect(entrySalt(saltKey, key)).toHaveLength(32);
    expect(entrySalt(saltKey, key)).toEqual(entrySalt(Uint8Array.from(saltKey), Uint8Array.from(key)));
    expect(entrySalt(saltKey, randomBytes(32))).not.toEqual(entrySalt(saltKey, key));
    expect(entrySalt(randomBytes(32), key)).not.toEqual(entrySalt(saltKey, key));
  });
});
