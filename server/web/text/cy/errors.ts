import type { errors as english } from '../en/errors.ts';
import type { Strings } from '../language.ts';

const NOTHING = 'Ni chafodd dim ei anfon, ac nid oes dim wedi newid.';
const NOT_TAKEN = 'Ni dderbyniwyd dim, ac nid oes dim wedi newid.';
const REFUSED = 'Ni chafodd dim ei newid. Mae popeth a gofrestrwyd cynt yn dal i sefyll.';
const KEPT =
  'Nid oes dim wedi’i golli. Mae’r hyn a deipioch yn dal yma, a bydd yr un cais yn mynd yn ei flaen pan rowch gynnig arall arni.';
const REPORT = 'Rhowch wybod i bwy bynnag sy’n rhedeg y gofrestrfa hon, a rhowch y manylion isod iddynt.';
const AGAIN = (next: string): string => `Rhowch gynnig arall arni. Os bydd yn digwydd eto: ${next}`;
const TELL = 'rhowch wybod i bwy bynnag sy’n rhedeg y gofrestrfa hon, a rhowch y manylion isod iddynt.';

export const errors: Strings<typeof english> = {
  badInput: {
    title: 'Mae rhywbeth ar goll neu heb fod yn y ffurf gywir',
    what: 'Mae un o’r meysydd yn wag, yn rhy hir, neu’n cynnwys rhywbeth nad yw’n perthyn yno.',
    unchanged: NOT_TAKEN,
    next: 'Edrychwch drwy’r hyn a roesoch, cywirwch ef a’i anfon eto.',
  },
  tooLarge: {
    title: 'Mae hynny’n ormod ar unwaith',
    what: 'Mae’r hyn a roesoch, neu’r ffeil a ddewisoch, yn fwy nag y mae’r gofrestrfa yn ei dderbyn.',
    unchanged: NOT_TAKEN,
    next: 'Byrhewch y testun, neu rhannwch y ffeil, a rhowch gynnig arall arni.',
  },
  unknownRoute: {
    title: 'Nid yw’r gofrestrfa yn adnabod y cais hwn',
    what: 'Gofynnodd y dudalen hon i’r gofrestrfa am rywbeth nad yw’n ei gynnig. Gall y dudalen fod yn hŷn neu’n fwy newydd na’r gofrestrfa.',
    unchanged: 'Nid oes dim wedi newid.',
    next: 'Ail-lwythwch y dudalen a rhowch gynnig arall arni. Os bydd yn digwydd eto, rhowch wybod i bwy bynnag sy’n rhedeg y gofrestrfa hon.',
  },
  methodNotAllowed: {
    title: 'Nid yw’r gofrestrfa yn derbyn y cais hwn',
    what: 'Gofynnodd y dudalen hon mewn ffordd nad yw’r gofrestrfa yn ei derbyn. Gall y dudalen fod yn hŷn neu’n fwy newydd na’r gofrestrfa.',
    unchanged: 'Nid oes dim wedi newid.',
    next: 'Ail-lwythwch y dudalen a rhowch gynnig arall arni. Os bydd yn digwydd eto, rhowch wybod i bwy bynnag sy’n rhedeg y gofrestrfa hon.',
  },
  unsupportedMediaType: {
    title: 'Ni allai’r gofrestrfa ddarllen y cais hwn',
    what: 'Anfonodd y dudalen hon ei chais mewn ffurf nad yw’r gofrestrfa yn ei darllen. Efallai fod rhywbeth rhyngoch chi a’r gofrestrfa wedi’i newid.',
    unchanged: 'Nid oes dim wedi newid.',
    next: 'Ail-lwythwch y dudalen a rhowch gynnig arall arni, o rwydwaith arall os gallwch. Os bydd yn digwydd eto, rhowch wybod i bwy bynnag sy’n rhedeg y gofrestrfa hon.',
  },
  noSchemeFits: {
    title: 'Nid yw hwn yn god o unrhyw fath hysbys',
    what: 'Nid yw ei hyd na’i nodau yn cyd-fynd â’r un o’r mathau o god y mae’r gofrestrfa hon yn eu hadnabod.',
    unchanged: NOTHING,
    next: 'Cymharwch ef â’r marc, nod wrth nod. Os na ellir darllen rhai ohonynt, rhowch ? yn eu lle os yw’r dudalen yn caniatáu hynny.',
  },
  checkFailed: {
    title: 'Nid yw un nod yn gywir',
    what: 'Mae nodau olaf cod yn gwirio’r rhai o’u blaen, ac nid ydynt yn cyfateb yma. Mae’n debyg bod un nod wedi’i gamdeipio, neu fod dau wedi newid lle.',
    unchanged: NOTHING,
    next: 'Cymharwch ef â’r marc eto. Edrychwch ddwywaith ar nodau sy’n debyg i’w gilydd, fel 0 ac O, 1 ac I, 5 ac S, 8 a B.',
  },
  tooManyCandidates: {
    title: 'Mae gormod o’r cod heb ei ddarllen',
    what: 'Gallai’r hyn a ddarllenwyd olygu mwy o godau nag y gellir gofyn amdanynt ar unwaith.',
    unchanged: 'Ni ofynnwyd am ddim, ac ni ddefnyddiwyd dim o’r cwota.',
    next: 'Darllenwch fwy o’r marc, o dan olau gwell neu ficrosgop os oes angen. Dywedwch pa fath o god ydyw, os gwyddoch. Yn lle ? rhowch y nodau y gall fod, fel [8B].',
  },
  badPhrase: {
    title: 'Nid geiriau ymadrodd adfer yw’r rhain',
    what: 'Mae gan ymadrodd adfer ddeuddeg gair o restr benodol, mewn un drefn. Mae gair wedi’i gamdeipio, ar goll, neu yn y lle anghywir.',
    unchanged: NOTHING,
    next: 'Cymharwch bob gair â’ch taflen, a sylwch ar y drefn.',
  },
  badPassphrase: {
    title: 'Nid yw’r cyfrinymadrodd yn ei agor',
    what: 'Nid yr hyn a deipioch yw’r cyfrinymadrodd a ddefnyddiwyd i selio hwn.',
    unchanged: 'Mae’r hyn sydd wedi’i selio yn aros fel y mae. Cewch roi cynnig arni mor aml ag y mae angen.',
    next: 'Teipiwch ef eto, a sylwch ar briflythrennau a bylchau. Ni all neb ddweud y cyfrinymadrodd wrthych, ond mae eich ymadrodd adfer, gyda chodau eich marciau, yn dod â’ch cofrestriadau yn ôl hebddo.',
  },
  badActivationKey: {
    title: 'Mae’r allwedd actifadu wedi’i chamdeipio',
    what: 'Mae gwiriad yr allwedd ei hun yn dangos bod nod yn anghywir neu ar goll.',
    unchanged: 'Ni ddefnyddiwyd yr allwedd.',
    next: 'Cymharwch hi â’r cerdyn yn y pecyn, neu sganiwch y cod sydd wedi’i argraffu wrth ei hymyl.',
  },
  badFile: {
    title: 'Nid y ffeil hon sydd ei hangen yma',
    what: 'Ni ellir ei darllen fel y math o ffeil y mae’r cam hwn yn ei gymryd. Gall fod yn ffeil arall, neu wedi’i difrodi.',
    unchanged: 'Nid oes dim wedi newid, ac mae’r ffeil yn aros fel y mae.',
    next: 'Dewiswch y ffeil gywir, neu gopi newydd ohoni.',
  },
  badSignature: {
    title: 'Ni dderbyniwyd y cais fel un gennych chi',
    what: 'Nid yw ei lofnod yn cyfateb. Cafodd y cais ei newid ar ei ffordd, neu ei wneud ag allwedd arall.',
    unchanged: REFUSED,
    next: 'Ail-lwythwch y dudalen a rhowch gynnig arall arni. Swyddogion: mewngofnodwch eto â’ch ffeil manylion adnabod. Os bydd yn digwydd eto, rhowch wybod i bwy bynnag sy’n rhedeg y gofrestrfa hon.',
  },
  badCredential: {
    title: 'Nid yw’r manylion adnabod yn ddilys',
    what: 'Ni allai’r gofrestrfa gadarnhau bod y manylion adnabod hyn wedi’u rhoi gan heddlu y mae’n ei adnabod.',
    unchanged: 'Ni ofynnwyd am ddim, ac mae darlleniadau a chanlyniadau eich achos yn aros fel y maent.',
    next: 'Gofynnwch i’ch heddlu am ffeil manylion adnabod newydd a mewngofnodwch â hi.',
  },
  credentialExpired: {
    title: 'Nid yw’r manylion adnabod yn ddilys mwyach',
    what: 'Dim ond am oriau y mae manylion adnabod yn para, ac mae eu hamser ar ben; neu mae cloc y cyfrifiadur hwn yn anghywir.',
    unchanged:
      'Mae darlleniadau a chanlyniadau eich achos yn aros fel y maent. Ni ofynnwyd am yr hyn a oedd yn dal i aros.',
    next: 'Edrychwch ar gloc y cyfrifiadur hwn. Yna gofynnwch i’ch heddlu am ffeil manylion adnabod newydd, mewngofnodwch â hi ac ewch ymlaen.',
  },
  unknownForce: {
    title: 'Nid yw’r gofrestrfa hon yn adnabod eich heddlu',
    what: 'Nid yw’r heddlu a roddodd y manylion adnabod ar restr y gofrestrfa hon, neu nid yw arni mwyach.',
    unchanged: 'Ni ofynnwyd am ddim ac nid oes dim wedi newid.',
    next: 'Gwnewch yn siŵr eich bod yn defnyddio’r gofrestrfa gywir. Os ydych, gofynnwch i’r sawl yn eich heddlu sy’n gyfrifol amdani.',
  },
  unknownIssuer: {
    title: 'Nid yw’r gofrestrfa hon yn gwybod pwy a wnaeth y pecyn',
    what: 'Nid yw’r gwasanaeth y tu ôl i’r allwedd actifadu hon ar restr y gofrestrfa, neu nid yw arni mwyach.',
    unchanged: 'Ni ddefnyddiwyd yr allwedd actifadu.',
    next: 'Gwnewch yn siŵr bod y pecyn wedi’i fwriadu ar gyfer y gofrestrfa hon. Os ydyw, gofynnwch i werthwr y pecyn.',
  },
  unknownVendor: {
    title: 'Nid yw’r gwerthwr yn hysbys',
    what: 'Nid yw’r gwasanaeth sy’n rhoi allweddi actifadu yn adnabod y gwerthwr hwn.',
    unchanged: 'Nid oes dim wedi newid.',
    next: 'Gofynnwch i werthwr y pecyn gysylltu â’r gwasanaeth hwnnw.',
  },
  wrongOrigin: {
    title: 'Mae hwn yn perthyn i gofrestrfa arall',
    what: 'Gwnaed y cais, y ffeil neu’r allwedd ar gyfer cofrestrfa arall, nid yr un hon.',
    unchanged: 'Nid oes dim wedi newid, yma nac acw.',
    next: 'Agorwch dudalennau’r gofrestrfa y’i gwnaed ar ei chyfer; mae ei chyfeiriad ar eich taflen, eich derbynneb neu eich manylion adnabod.',
  },
  wrongIssuer: {
    title: 'Mae hwn yn perthyn i wasanaeth gwerthwr arall',
    what: 'Gwnaed yr allwedd actifadu ar gyfer gwasanaeth arall, nid yr un y gofynnwyd iddo.',
    unchanged: 'Ni ddefnyddiwyd yr allwedd actifadu.',
    next: 'Teipiwch yr allwedd gyfan eto fel y mae wedi’i hargraffu. Os bydd yn digwydd eto, gofynnwch i werthwr y pecyn.',
  },
  wrongEpoch: {
    title: 'Mae’r gofrestrfa wedi newid ei hallweddi',
    what: 'Dechreuodd y gofrestrfa ddefnyddio allweddi newydd tra oedd y dudalen hon ar agor.',
    unchanged: REFUSED,
    next: 'Ail-lwythwch y dudalen a rhowch gynnig arall arni. Bydd wedyn yn gweithio gyda’r allweddi newydd.',
  },
  wrongRoster: {
    title: 'Mae rhestr partneriaid y gofrestrfa wedi newid',
    what: 'Cyhoeddodd y gofrestrfa restr newydd o bwy sy’n cymryd rhan tra oedd y dudalen hon ar agor.',
    unchanged: REFUSED,
    next: 'Ail-lwythwch y dudalen a rhowch gynnig arall arni. Bydd wedyn yn gweithio gyda’r rhestr newydd.',
  },
  badRoster: {
    title: 'Ni all y gofrestrfa hon ddangos mai hi yw’r un gywir',
    what: 'Nid yw ei rhestr o bwy sy’n cymryd rhan wedi’i llofnodi fel y mae’n rhaid iddi fod, neu nid hi yw’r un y mae eich pecyn, eich taflen neu eich manylion adnabod yn ei henwi.',
    unchanged: 'Ni anfonwyd dim cyfrinachol, ac nid oes dim wedi newid.',
    next: 'Peidiwch â mynd ymlaen yma. Gwiriwch gyfeiriad y dudalen hon. Os yw’n gywir, rhowch wybod i bwy bynnag sy’n rhedeg y gofrestrfa hon, ac i’ch heddlu os ydych yn swyddog.',
  },
  badToken: {
    title: 'Ni dderbyniwyd y caniatâd i gofrestru',
    what: 'Cafodd yr allwedd actifadu ei chyfnewid am ganiatâd nad yw’r gofrestrfa yn ei dderbyn.',
    unchanged: 'Ni chofrestrwyd dim. Mae eich allwedd actifadu wedi’i chadw gyda’r marc hwn.',
    next: 'Rhowch gynnig arall arni. Os bydd yn digwydd eto, gofynnwch i werthwr y pecyn, a rhowch y manylion isod iddo.',
  },
  tokenRequired: {
    title: 'Mae angen allwedd actifadu ar gyfer hyn',
    what: 'Nid yw’r gofrestrfa wedi gweld y cod hwn gennych o’r blaen, felly mae angen allwedd actifadu i’w gofrestru.',
    unchanged: REFUSED,
    next: 'Cofrestrwch y marc ag allwedd actifadu eich pecyn. Os ydych yn dod â marc yn ôl o’ch ymadrodd, gwiriwch y cod nod wrth nod.',
  },
  tokenForAnotherElement: {
    title: 'Mae’r caniatâd yn perthyn i god arall',
    what: 'Cafodd yr allwedd actifadu ei chyfnewid am ganiatâd i gofrestru cod arall, nid yr un hwn.',
    unchanged: REFUSED,
    next: 'Dechreuwch eto â’r un allwedd actifadu a’r cod hwn. Os nad oes defnydd ar ôl i’r allwedd, gofynnwch i werthwr y pecyn.',
  },
  tokenSpent: {
    title: 'Mae’r allwedd actifadu hon eisoes wedi gwneud cofrestriad',
    what: 'Mae un pecyn yn gwneud un cofrestriad, ac mae’r pecyn hwn wedi gwneud ei un ef.',
    unchanged: REFUSED,
    next: 'Edrychwch o dan “Fy marciau”: efallai mai eich cofrestriad chi ydyw eisoes. Ar gyfer marc arall, defnyddiwch allwedd pecyn arall.',
  },
  activationKeyUnknown: {
    title: 'Nid yw’r allwedd actifadu hon yn hysbys',
    what: 'Mae’r allwedd wedi’i theipio’n iawn, ond nid oes gan wasanaeth y gwerthwr becyn â’r allwedd hon.',
    unchanged: 'Ni chofrestrwyd dim.',
    next: 'Gwiriwch eich bod wedi’i chopïo o’r cerdyn cywir. Os do, gofynnwch i werthwr y pecyn.',
  },
  activationKeyUsedUp: {
    title: 'Nid oes defnydd ar ôl i’r allwedd actifadu hon',
    what: 'Gellir defnyddio allwedd ychydig o weithiau, fel y gellir cywiro cod sydd wedi’i gamdeipio. Mae pob defnydd wedi mynd.',
    unchanged: REFUSED,
    next: 'Edrychwch o dan “Fy marciau” a yw’r cod wedi’i gofrestru. Os nad yw, ac os na ddefnyddioch chi’r allwedd eich hun, gofynnwch i werthwr y pecyn am un arall.',
  },
  unknownTokenKey: {
    title: 'Mae gwasanaeth y gwerthwr wedi newid ei allwedd',
    what: 'Dechreuodd y gwasanaeth sy’n cyfnewid allweddi actifadu ddefnyddio allwedd newydd yn y cyfamser.',
    unchanged: 'Ni ddefnyddiwyd yr allwedd actifadu.',
    next: 'Ail-lwythwch y dudalen a rhowch gynnig arall arni.',
  },
  quotaExceeded: {
    title: 'Mae’r cwota wedi’i ddefnyddio i gyd',
    what: 'Fel na all neb roi cynnig ar godau, dim ond hyn a hyn y gellir gofyn amdanynt mewn diwrnod. Mae’r nifer hwnnw wedi’i gyrraedd.',
    unchanged: 'Mae’r hyn a atebwyd wedi’i gadw. Ni ofynnwyd am yr hyn a oedd yn dal i aros.',
    next: 'Ewch ymlaen yfory. Swyddogion: mae darlleniad â llai o nodau heb eu darllen yn costio llai; gall eich heddlu ddweud pa gwota sydd ganddo.',
  },
  replayed: {
    title: 'Mae’r cais hwn eisoes wedi’i ddefnyddio',
    what: 'Mae’r gofrestrfa wedi gweld yr union gais hwn o’r blaen, a dim ond unwaith y mae’n derbyn pob un.',
    unchanged: 'Mae’r hyn a wnaeth y cyntaf yn dal i sefyll. Ni wnaed dim ddwywaith.',
    next: 'Ail-lwythwch y dudalen ac edrychwch a yw wedi’i wneud. Os nad yw, gwnewch ef eto.',
  },
  evaluationRequired: {
    title: 'Nid yw’r chwiliad yn gyflawn',
    what: 'Mae dau gam i chwiliad, ac nid oes gan y gofrestrfa gam cyntaf gennych ar gyfer hwn; efallai ei fod wedi mynd yn rhy hen.',
    unchanged: 'Mae darlleniadau a chanlyniadau eich achos yn aros fel y maent.',
    next: 'Chwiliwch eto yn yr achos hwn. Gofynnir o’r newydd am y darlleniadau sydd heb ganlyniad eto.',
  },
  credentialRevoked: {
    title: 'Mae eich heddlu wedi tynnu’r manylion adnabod hyn yn ôl',
    what: 'Mae’r manylion adnabod y mewngofnodoch â hwy ar restr eich heddlu o rai a dynnwyd yn ôl.',
    unchanged: 'Ni ofynnwyd am ddim. Mae darlleniadau a chanlyniadau eich achos yn aros fel y maent.',
    next: 'Allgofnodwch a gofynnwch i’ch heddlu. Os nad oeddech yn disgwyl hyn, rhowch wybod amdano: gall rhywun fod wedi defnyddio eich manylion adnabod.',
  },
  notMatched: {
    title: 'Nid oes canlyniad gennych i’w agor',
    what: 'Dim ond swyddog y daeth ei chwiliad o hyd i’r cofrestriad hwnnw all ofyn am ei fanylion cyswllt.',
    unchanged: 'Mae’r manylion cyswllt yn aros wedi’u selio.',
    next: 'Chwiliwch am y darlleniad yn yr achos hwn yn gyntaf, yna gofynnwch am yr agoriad o’i ganlyniad.',
  },
  sameOfficer: {
    title: 'Mae angen ail swyddog',
    what: 'Chi eich hun a ofynnodd am yr agoriad hwn, ac ni chaiff neb gymeradwyo ei gais ei hun.',
    unchanged: 'Mae’r manylion cyswllt yn aros wedi’u selio, ac mae eich cais yn dal i sefyll.',
    next: 'Rhowch y cais i gydweithiwr, sy’n mewngofnodi â’i fanylion adnabod ei hun ac yn ei gymeradwyo.',
  },
  openingNotPending: {
    title: 'Mae’r agoriad hwn eisoes wedi’i benderfynu',
    what: 'Mae cydweithiwr eisoes wedi’i gymeradwyo, neu mae wedi’i orffen.',
    unchanged: 'Mae’r hyn a benderfynwyd yn dal i sefyll.',
    next: 'Gall y swyddog a ofynnodd ddarllen y manylion cyswllt yn yr achos. I edrych eto, gofynnwch am agoriad newydd.',
  },
  openingExpired: {
    title: 'Mae amser y cais i agor wedi dod i ben',
    what: 'Ni chymeradwyodd neb ef yn yr amser a roddwyd iddo.',
    unchanged: 'Mae’r manylion cyswllt yn aros wedi’u selio.',
    next: 'Gofynnwch am agoriad newydd, a rhowch fwy o oriau iddo os oes eu hangen ar eich cydweithiwr.',
  },
  notLogged: {
    title: 'Nid oes ôl o’r cais hwn yn y log cyhoeddus',
    what: 'Dim ond yr hyn sydd yn y log cyhoeddus y mae’r gwarcheidwaid yn ei ateb, ac nid yw’r cais hwn ynddo.',
    unchanged: 'Ni roddodd y gwarcheidwaid ddim allan.',
    next: `Rhowch gynnig arall arni. ${REPORT}`,
  },
  sizeConflict: {
    title: 'Nid yw’r log cyhoeddus mor hir â’r disgwyl',
    what: 'Nid yw’r gofrestrfa a gwarcheidwad yn cytuno pa mor hir yw’r log. Gall hyn ddigwydd am ennyd pan fydd llawer yn digwydd.',
    unchanged: KEPT,
    next: `Arhoswch funud a rhowch gynnig arall arni. Os bydd yn digwydd eto: ${TELL}`,
  },
  logForked: {
    title: 'Mae’r log cyhoeddus yn ei wrth-ddweud ei hun',
    what: 'Gwelwyd dwy fersiwn o’r log na allant ill dwy fod yn wir. Mae gwarcheidwad sy’n gweld hyn yn stopio ateb, fel y mae’n rhaid iddo.',
    unchanged: 'Mae’r derbynebau sydd gennych yn dal i brofi’r hyn y maent yn ei ddweud.',
    next: 'Peidiwch â mynd ymlaen yma am y tro. Rhowch wybod i bwy bynnag sy’n rhedeg y gofrestrfa hon; swyddogion: rhowch wybod i’ch heddlu hefyd.',
  },
  badCheckpoint: {
    title: 'Ni ellir ymddiried yn y log cyhoeddus ar hyn o bryd',
    what: 'Nid yw’r hyn y mae’r gofrestrfa yn ei ddweud am ei log wedi’i lofnodi fel y mae’n rhaid iddo fod.',
    unchanged: 'Ni dderbyniwyd dim sy’n dibynnu arno, ac nid oes dim o’ch eiddo chi wedi newid.',
    next: `Rhowch gynnig arall arni ymhen munud. Os bydd yn digwydd eto: ${TELL}`,
  },
  notFound: {
    title: 'Nid oes gan y gofrestrfa ddim o dan hyn',
    what: 'Nid oes cofrestriad na chais o’r fath, neu nid eich un chi ydyw. Nid yw’r gofrestrfa yn dweud pa un, fel na all neb gael gwybod drwy roi cynnig arni.',
    unchanged: 'Nid oes dim wedi newid.',
    next: 'Gwiriwch eich bod wedi dewis yr un cywir. Os tynnoch y cofrestriad yn ôl, mae wedi mynd am byth.',
  },
  versionConflict: {
    title: 'Cafodd ei newid yn y cyfamser',
    what: 'Newidiwyd y cofrestriad hwn o le arall, efallai o un arall o’ch dyfeisiau, ar ôl i’r dudalen hon ei ddarllen.',
    unchanged: 'Mae’r newid arall yn sefyll. Ni wnaed eich newid chi.',
    next: 'Agorwch y marc eto, edrychwch ar yr hyn y mae’n ei ddweud nawr, a gwnewch eich newid os oes ei angen o hyd.',
  },
  alreadyRegistered: {
    title: 'Mae hwn eisoes wedi’i gofrestru, â chynnwys arall',
    what: 'Mae’r un cofrestriad yn bod, ond mae’n cynnwys rhywbeth gwahanol i’r hyn a anfonwyd nawr.',
    unchanged: 'Mae’r cofrestriad yn aros fel yr oedd.',
    next: 'Agorwch ef o dan “Fy marciau” a newidiwch yno yr hyn rydych am ei newid.',
  },
  claimsFull: {
    title: 'Ni dderbynnir hawliad arall i’r cod hwn',
    what: 'Dim ond ychydig o gofrestriadau o’r un cod y mae’r gofrestrfa yn eu cadw, ac mae’r nifer hwnnw wedi’i gyrraedd.',
    unchanged: 'Ni chofrestrwyd dim.',
    next: 'Cymharwch y cod â’r marc eto. Os yw’n gywir ac mai chi biau’r eitem, ewch â’ch pecyn a’ch prawf prynu at yr heddlu.',
  },
  badProof: {
    title: 'Ni ellid profi bod ateb yn gywir',
    what: 'Daeth ateb gan warcheidwad neu gan y gofrestrfa heb brawf dilys, felly ni ddefnyddiodd y dudalen hon ef.',
    unchanged: 'Ni dderbyniwyd dim anwir. Mae’r hyn a deipioch yn dal yma.',
    next: AGAIN(TELL),
  },
  badElement: {
    title: 'Ni ellid defnyddio rhan o’r cais',
    what: 'Nid yw un o’r gwerthoedd a seliwyd yn y cais yn ddilys. Ni ddylai dim a deipiwch achosi hyn.',
    unchanged: 'Nid oes dim wedi newid.',
    next: `Ail-lwythwch y dudalen a rhowch gynnig arall arni. Os bydd yn digwydd eto: ${TELL}`,
  },
  badEnvelope: {
    title: 'Nid yw’r hyn sydd wedi’i selio yn agor',
    what: 'Ni ellir agor yr hyn y mae’r gofrestrfa yn ei gadw ar gyfer y cod hwn â’i allwedd. Cafodd ei ddifrodi neu ei newid.',
    unchanged: 'Mae’n aros wedi’i selio, ac ni ddangoswyd dim ohono i neb.',
    next: AGAIN(TELL),
  },
  badRow: {
    title: 'Nid oes llofnod ei berchennog ar gofrestriad',
    what: 'Ni lofnodwyd yr hyn a ddangosodd y gofrestrfa gan berchennog y cofrestriad hwnnw, felly nid yw’r dudalen hon yn ei ddangos.',
    unchanged: 'Ni dderbyniwyd dim anwir.',
    next: REPORT,
  },
  badTranscript: {
    title: 'Ni wnaed allweddi’r gwarcheidwaid yn iawn',
    what: 'Nid yw’r cofnod o sut y gwnaeth y gwarcheidwaid eu hallweddi yn profi iddynt eu gwneud yn iawn.',
    unchanged: 'Nid oes dim wedi newid.',
    next: REPORT,
  },
  badReply: {
    title: 'Nid yw’r ateb yn gwneud synnwyr',
    what: 'Atebodd gwasanaeth mewn ffurf nad yw’r dudalen hon yn ei deall. Efallai nad yw’n gweithio’n iawn, neu fod rhywbeth ar y ffordd wedi rhoi ateb arall yn lle ei un ef.',
    unchanged: 'Ni dderbyniwyd dim anwir. Mae’r hyn a deipioch yn dal yma.',
    next: 'Rhowch gynnig arall arni, o rwydwaith arall os gallwch. Os bydd yn digwydd eto, rhowch wybod i bwy bynnag sy’n rhedeg y gofrestrfa hon.',
  },
  logBehind: {
    title: 'Nid yw’r gofrestrfa wedi dal i fyny eto',
    what: 'Mae log y gofrestrfa yn fyrrach na’r hyn y mae’r gwarcheidwaid wedi’i weld ohono. Gall hynny ddigwydd am ychydig ar ôl atgyweiriad.',
    unchanged: KEPT,
    next: 'Rhowch gynnig arall arni ymhen ychydig. Os yw’n para am oriau, rhowch wybod i bwy bynnag sy’n rhedeg y gofrestrfa hon.',
  },
  revocationsStale: {
    title: 'Mae rhestr eich heddlu o fanylion adnabod a dynnwyd yn ôl yn rhy hen',
    what: 'Dim ond tra bydd yn gwybod pa fanylion adnabod y mae eu heddlu wedi’u tynnu’n ôl y mae’r gofrestrfa yn ateb swyddogion, ac nid yw wedi clywed gan eich heddlu yn ddiweddar.',
    unchanged: 'Ni ofynnwyd am ddim. Mae darlleniadau a chanlyniadau eich achos yn aros fel y maent.',
    next: 'Dywedwch wrth eich heddlu fod yn rhaid anfon ei restr at y gofrestrfa. Yna ewch ymlaen.',
  },
  guardiansUnavailable: {
    title: 'Mae rhy ychydig o warcheidwaid yn ateb',
    what: 'Rhaid i sawl gwarcheidwad annibynnol ateb gyda’i gilydd, ac nid oes digon ohonynt yn gwneud hynny ar hyn o bryd.',
    unchanged: KEPT,
    next: 'Rhowch gynnig arall arni ymhen ychydig.',
  },
  unavailable: {
    title: 'Ni all y gofrestrfa ateb ar hyn o bryd',
    what: 'Mae’r gwasanaeth yno ond ni all weithio ar hyn o bryd.',
    unchanged: KEPT,
    next: 'Rhowch gynnig arall arni ymhen ychydig.',
  },
  overloaded: {
    title: 'Mae gan y gofrestrfa ormod i’w wneud',
    what: 'Gofynnir i’r gwasanaeth am fwy nag y gall ei ateb ar hyn o bryd.',
    unchanged: KEPT,
    next: 'Rhowch gynnig arall arni cyn bo hir.',
  },
  storageFailed: {
    title: 'Ni ellid ei gadw',
    what: 'Ni allai’r gwasanaeth, neu’r porwr hwn, ysgrifennu i’w storfa. Gall y ddisg fod yn llawn, neu gall storio fod wedi’i ddiffodd, fel mewn rhai ffenestri preifat.',
    unchanged: 'Mae’r hyn a gadwyd cynt yn dal yno. Efallai nad yw’r hyn a wnaethoch ddiwethaf wedi’i gadw.',
    next: 'Cadwch y dudalen hon ar agor. Gwnewch le ar y ddisg, neu defnyddiwch ffenestr nad yw’n breifat, a rhowch gynnig arall arni.',
  },
  unreachable: {
    title: 'Ni ellir cyrraedd y gofrestrfa',
    what: 'Nid oes cysylltiad â hi. Efallai fod eich rhwydwaith i lawr, neu nad yw’n gadael y dudalen hon drwodd.',
    unchanged: KEPT,
    next: 'Gwiriwch eich cysylltiad a rhowch gynnig arall arni.',
  },
  timedOut: {
    title: 'Ni ddaeth ateb mewn pryd',
    what: 'Cymerodd y gwasanaeth ormod o amser. Efallai ei fod wedi derbyn y cais er hynny.',
    unchanged: KEPT,
    next: 'Rhowch gynnig arall arni. Ni wneir dim ddwywaith.',
  },
  cancelled: {
    title: 'Wedi’i stopio',
    what: 'Stopiwyd y gwaith cyn iddo orffen.',
    unchanged: 'Mae’r hyn a orffennwyd cyn hynny wedi’i gadw.',
    next: 'Dechreuwch eto pryd bynnag y mynnwch; bydd yn mynd ymlaen oddi yno.',
  },
  internal: {
    title: 'Aeth rhywbeth o’i le, ac ni ddylai hynny fod wedi digwydd',
    what: 'Mae nam ar y dudalen hon neu ar y gwasanaeth y tu ôl iddi.',
    unchanged: 'Mae’r hyn a gadwyd cynt yn dal yno.',
    next: `Ail-lwythwch y dudalen a rhowch gynnig arall arni. Os bydd yn digwydd eto: ${TELL}`,
  },
};
