/** What a list would cost, and which rows can't be looked up: anew whenever the choice of columns changes. */
import { useEffect } from 'preact/hooks';
import type { PoliceApi } from '../engine/police-api.ts';
import { useTask, type Task } from '../ui/index.ts';
import { useDesk } from './desk-context.ts';
import type { ListReading } from './list-rows.ts';

export type ListPreview = Awaited<ReturnType<PoliceApi['previewList']>> & {
  /** What was asked about: `readings` of the answer are in this order. */
  readonly of: readonly ListReading[];
};

export function useListPreview(readings: readonly ListReading[], leadingZerosLost: boolean): Task<ListPreview> {
  const { police } = useDesk();
  const task = useTask<ListPreview>();
  useEffect(() => {
    void task.run(async (options) => {
      const given = readings.map(({ reading, scheme }) => ({ reading, scheme }));
      return { ...(await police.previewList({ readings: given, leadingZerosLost }, options)), of: readings };
    });
  }, [readings, leadingZerosLost]);
  return task;
}
