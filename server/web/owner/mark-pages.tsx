/** The views of one mark. */
import { ChangeContact, ChangeItems } from './change-mark.tsx';
import { useKeeper } from './keeper.ts';
import { MarkHistory } from './mark-history.tsx';
import { MarkMessages } from './mark-messages.tsx';
import { MarkOverview } from './mark-overview.tsx';
import { MarkReceipts, OneReceipt } from './mark-receipts.tsx';
import { useOwnerText } from './owner-text.ts';
import { Registered } from './registered.tsx';
import { ReportStatus } from './report-status.tsx';
import { Resume } from './resume.tsx';
import type { Route } from './routes.ts';
import { P, View } from './view.tsx';
import { Withdraw } from './withdraw.tsx';

export function MarkPages({ route }: { readonly route: Extract<Route, { view: 'mark' }> }) {
  const { view } = useKeeper();
  const mark = view.marks.find(({ id }) => id === route.mark);
  if (mark === undefined) return <Unknown />;
  switch (route.part) {
    case 'registered':
      return <Registered mark={mark} />;
    case 'resume':
      return <Resume mark={mark} />;
    case 'history':
      return <MarkHistory mark={mark} />;
    case 'status':
      return <ReportStatus mark={mark} />;
    case 'messages':
      return <MarkMessages mark={mark} />;
    case 'receipts':
      return <MarkReceipts mark={mark} />;
    case 'receipt':
      return <OneReceipt mark={mark} place={route.receipt} />;
    case 'items':
      return <ChangeItems mark={mark} />;
    case 'contact':
      return <ChangeContact mark={mark} />;
    case 'withdraw':
      return <Withdraw mark={mark} />;
    default:
      return <MarkOverview mark={mark} />;
  }
}

function Unknown() {
  const { mark: words } = useOwnerText().mark;
  return (
    <View title={words.unknown} back="">
      <P>{words.unknownBody}</P>
    </View>
  );
}
