/** The vault itself: its sheet, copies, the registry it belongs to, and how it is removed. */
import { Button, Failure, Inset, saveFile, SummaryList, Untrusted } from '../ui/index.ts';
import { useKeeper } from './keeper.ts';
import { useOwnerText } from './owner-text.ts';
import { useWork } from './use-work.ts';
import { P, View } from './view.tsx';

export function VaultTools() {
  const { tools: words } = useOwnerText().vault;
  const { owner, view, go } = useKeeper();
  const task = useWork<string>();
  const save = (): void => {
    void task.run(async (options) => {
      const { fileName, text } = await owner.exportVault(undefined, options);
      saveFile(fileName, text);
      return fileName;
    });
  };
  return (
    <View title={words.title} back="">
      <P>{words.lead}</P>
      <h2 class="govuk-heading-m">{words.sheet}</h2>
      <P>{words.sheetBody}</P>
      <Button kind="secondary" onClick={() => go('sheet')}>
        {words.sheetLink}
      </Button>
      <h2 class="govuk-heading-m">{words.export}</h2>
      <P>{words.exportBody}</P>
      {view.isStorageKept ? null : <Inset>{words.notKept}</Inset>}
      <Failure error={task.error} onRetry={save} />
      <Button kind="secondary" onClick={save}>
        {words.exportLink}
      </Button>
      <p class="govuk-body" role="status">
        {task.result === undefined ? '' : words.exported(task.result)}
      </p>
      <h2 class="govuk-heading-m">{words.registry}</h2>
      <SummaryList
        rows={[
          { key: words.registryName, value: view.origin },
          {
            key: words.fingerprint,
            value: (
              <>
                <code class="bm-code bm-code--long">{view.fingerprint}</code>
                <p class="govuk-body-s">{words.fingerprintHint}</p>
              </>
            ),
          },
          {
            key: words.guardians,
            value: <Untrusted text={words.guardiansBody(view.threshold, view.guardians.join(', '))} />,
          },
        ]}
      />
      <h2 class="govuk-heading-m">{words.forget}</h2>
      <P>{words.forgetBody}</P>
      <p class="govuk-body">
        <a class="govuk-link" href="#/forget">
          {words.forgetLink}
        </a>
      </p>
    </View>
  );
}
