// A year of messages of a small team, and what its members look for in them. Written down before the search was built, so
// that it says what people expect and not what the search happens to do.

/** A message, known by its `key`. `day` counts from the beginning of the year. */
export type CorpusMessage = {
  key: string;
  day: number;
  room: "general" | "engineering" | "office" | "alice and bob";
  by: "alice" | "bob" | "carol";
  text: string;
  /** It is a poll with these choices, and `text` is its question. */
  choices?: readonly string[];
  /** The file that it has, and what its sender said it shows. */
  file?: { name: string; alt?: string };
  /** The message that it answers in a thread. */
  inThreadOf?: string;
  isPinned?: true;
  isSavedByAlice?: true;
};

export const corpus: readonly CorpusMessage[] = [
  // English
  {
    key: "welcome",
    day: 1,
    room: "general",
    by: "alice",
    text: "Welcome everyone! The handbook is at https://wiki.example.org/handbook/start",
    isPinned: true,
  },
  {
    key: "budget",
    day: 3,
    room: "office",
    by: "carol",
    text: "The budget for the second quarter is approved: 42,500 EUR.",
  },
  {
    key: "wifi",
    day: 5,
    room: "office",
    by: "carol",
    text: "Guest wifi: network *novax-guest*, the password is on the board in the kitchen.",
  },
  { key: "deploy", day: 9, room: "engineering", by: "bob", text: "Deploying 2.4.1 to production at 16:00." },
  { key: "deployed", day: 9, room: "engineering", by: "bob", text: "Deployment is done, no errors so far." },
  {
    key: "rollback",
    day: 10,
    room: "engineering",
    by: "alice",
    text: "We had to roll back the deployment: the redeploy script forgot a migration.",
  },
  {
    key: "rollback-why",
    day: 10,
    room: "engineering",
    by: "bob",
    text: "It was my typo in the config, sorry.",
    inThreadOf: "rollback",
  },
  {
    key: "error",
    day: 20,
    room: "engineering",
    by: "bob",
    text: "Seeing `TypeError: sess.opts is undefined` in auth/session-store.ts:118",
  },
  {
    key: "ticket",
    day: 21,
    room: "engineering",
    by: "alice",
    text: "Tracked as NX-1042, please review before Friday.",
  },
  {
    key: "snake",
    day: 22,
    room: "engineering",
    by: "bob",
    text: "max_retry_count should be 5, not 50. It's in parseRetryPolicy().",
  },
  {
    key: "commit",
    day: 23,
    room: "engineering",
    by: "bob",
    text: "Fixed in 8ad5399f, see https://git.example.org/novax/server/commit/8ad5399f",
  },
  {
    key: "birthday",
    day: 40,
    room: "general",
    by: "carol",
    text: "It's Bob's birthday today 🎂 cake at three!",
  },
  {
    key: "accommodation",
    day: 60,
    room: "general",
    by: "carol",
    text: "I booked the accommodation for the offsite in Lisbon, receipts to me please.",
  },
  {
    key: "flight",
    day: 61,
    room: "alice and bob",
    by: "bob",
    text: "My flight TP1177 lands at 21:35, can you pick me up?",
  },
  { key: "secret-gift", day: 39, room: "alice and bob", by: "alice", text: "Shall we get Carol a cake too?" },
  {
    key: "photo",
    day: 62,
    room: "general",
    by: "carol",
    text: "",
    file: { name: "IMG_2041.png", alt: "The team on the beach in Lisbon" },
  },
  {
    key: "contract",
    day: 80,
    room: "office",
    by: "carol",
    text: "Signed!",
    file: { name: "Lease-agreement-2026.txt" },
  },
  {
    key: "lunch",
    day: 90,
    room: "general",
    by: "bob",
    text: "Where do we go for lunch?",
    choices: ["Ramen", "Pizzeria Napoli", "Falafel"],
  },
  {
    key: "ci",
    day: 100,
    room: "engineering",
    by: "alice",
    text: "CI is red again. UI tests time out.",
    isSavedByAlice: true,
  },
  {
    key: "cafe",
    day: 110,
    room: "general",
    by: "alice",
    text: "The new café on the corner has the best espresso",
  },
  { key: "phone", day: 111, room: "office", by: "carol", text: "The landlord's number is +49 30 901820" },
  { key: "mail", day: 112, room: "office", by: "carol", text: "Write to billing@example.com for invoices" },
  { key: "c++", day: 113, room: "engineering", by: "bob", text: "The parser is written in C++ and Rust" },
  {
    key: "link-named",
    day: 114,
    room: "engineering",
    by: "alice",
    text: "The [architecture overview](https://docs.example.org/arch) is up to date",
  },
  // German
  {
    key: "de-müll",
    day: 120,
    room: "office",
    by: "carol",
    text: "Die Müllabfuhr kommt ab jetzt am Donnerstag",
  },
  {
    key: "de-straße",
    day: 121,
    room: "office",
    by: "carol",
    text: "Unser neues Büro ist in der Schönhauser Straße 12",
  },
  {
    key: "de-compound",
    day: 122,
    room: "office",
    by: "carol",
    text: "Bitte die Reisekostenabrechnung bis Monatsende einreichen",
  },
  {
    key: "de-kosten",
    day: 123,
    room: "office",
    by: "bob",
    text: "Wer übernimmt die Kosten für das Zugticket?",
  },
  { key: "de-urlaub", day: 124, room: "general", by: "bob", text: "Ich bin vom 3. bis 14. August im Urlaub" },
  // French
  {
    key: "fr-réunion",
    day: 130,
    room: "general",
    by: "alice",
    text: "La réunion est reportée à mardi, l'équipe de Lyon ne peut pas venir",
  },
  { key: "fr-œuvre", day: 131, room: "general", by: "carol", text: "C'est un chef-d'œuvre ! Bravo à tous" },
  // Russian
  {
    key: "ru-meeting",
    day: 140,
    room: "engineering",
    by: "bob",
    text: "Совещание перенесли на четверг, не забудьте отчёт",
  },
  { key: "ru-server", day: 141, room: "engineering", by: "bob", text: "Сервер перезагружается каждую ночь" },
  // Chinese
  {
    key: "zh-meeting",
    day: 150,
    room: "general",
    by: "alice",
    text: "明天下午三点在北京开会，请大家准时参加",
  },
  { key: "zh-release", day: 151, room: "engineering", by: "alice", text: "新版本已经发布，数据库升级完成了" },
  // Japanese
  { key: "ja-meeting", day: 160, room: "general", by: "bob", text: "明日の会議は東京オフィスで行います" },
  {
    key: "ja-bug",
    day: 161,
    room: "engineering",
    by: "bob",
    text: "データベースのバグを修正しました。確認お願いします",
  },
  // Korean, Thai and Arabic, which people of the team's customers write
  { key: "ko", day: 170, room: "general", by: "carol", text: "서울 사무실에서 회의가 있습니다" },
  { key: "th", day: 171, room: "general", by: "carol", text: "ประชุมพรุ่งนี้ที่กรุงเทพ" },
  { key: "ar", day: 172, room: "general", by: "carol", text: "الاجتماع غدًا في القاهرة" },
  {
    key: "newest",
    day: 300,
    room: "general",
    by: "bob",
    text: "Thanks all, see you at the meeting on Monday",
  },
];

/**
 * What alice types, and the messages that she expects: all of them, and no others. `finds` have the words, or words that
 * begin so; `inside` have them inside of other words, and come behind; `similar` are what a typing mistake meant. Each list
 * is newest first.
 */
export const searches: readonly {
  query: string;
  finds: readonly string[];
  inside?: readonly string[];
  similar?: readonly string[];
}[] = [
  { query: "handbook", finds: ["welcome"] },
  { query: "HANDBOOK", finds: ["welcome"] },
  { query: "budget quarter", finds: ["budget"] },
  { query: "guest wifi password", finds: ["wifi"] },
  { query: "deploy", finds: ["rollback", "deployed", "deploy"] },
  { query: "deployment", finds: ["rollback", "deployed"] },
  { query: "deploym", finds: ["rollback", "deployed"] },
  { query: '"roll back"', finds: ["rollback"] },
  { query: '"back roll"', finds: [] },
  { query: "sess.opts", finds: ["error"] },
  { query: "session-store.ts", finds: ["error"] },
  { query: "TypeError", finds: ["error"] },
  { query: "NX-1042", finds: ["ticket"] },
  { query: "1042", finds: ["ticket"] },
  { query: "max_retry", finds: ["snake"] },
  { query: "retrypolicy", finds: [], inside: ["snake"] },
  { query: "8ad5399", finds: ["commit"] },
  { query: "git.example.org/novax", finds: ["commit"] },
  { query: "cake", finds: ["birthday", "secret-gift"] },
  { query: "🎂", finds: ["birthday"] },
  { query: "accomodation", finds: [], similar: ["accommodation"] },
  { query: "reciepts", finds: [], similar: ["accommodation"] },
  { query: "TP1177", finds: ["flight"] },
  { query: "beach lisbon", finds: ["photo"] },
  { query: "IMG_2041", finds: ["photo"] },
  { query: "lease", finds: ["contract"], inside: ["accommodation", "ticket"] },
  { query: "napoli", finds: ["lunch"] },
  { query: "ci", finds: ["ci"] },
  { query: "cafe", finds: ["cafe"] },
  { query: "901820", finds: ["phone"] },
  { query: "billing@example.com", finds: ["mail"] },
  { query: "architecture", finds: ["link-named"] },
  { query: "mull", finds: ["de-müll"] },
  { query: "Strasse", finds: ["de-straße"] },
  { query: "kosten", finds: ["de-kosten"], inside: ["de-compound"] },
  { query: "reunion equipe", finds: ["fr-réunion"] },
  { query: "oeuvre", finds: ["fr-œuvre"] },
  { query: "СОВЕЩАНИЕ", finds: ["ru-meeting"] },
  { query: "отчет", finds: ["ru-meeting"] },
  { query: "перезагруж", finds: ["ru-server"] },
  { query: "北京", finds: ["zh-meeting"] },
  { query: "数据库", finds: ["zh-release"] },
  { query: "会", finds: ["ja-meeting", "zh-meeting"] },
  { query: "東京オフィス", finds: ["ja-meeting"] },
  { query: "データベース", finds: ["ja-bug"] },
  { query: "회의", finds: ["ko"] },
  { query: "กรุงเทพ", finds: ["th"] },
  { query: "القاهرة", finds: ["ar"] },
  { query: "from:carol cake", finds: ["birthday"] },
  {
    query: "from:me",
    finds: [
      "zh-release",
      "zh-meeting",
      "fr-réunion",
      "link-named",
      "cafe",
      "ci",
      "secret-gift",
      "ticket",
      "rollback",
      "welcome",
    ],
  },
  { query: "in:office has:file", finds: ["contract"] },
  { query: "has:image", finds: ["photo"] },
  { query: "has:poll", finds: ["lunch"] },
  { query: "has:link in:engineering", finds: ["link-named", "commit"] },
  { query: "is:pinned", finds: ["welcome"] },
  { query: "is:saved", finds: ["ci"] },
  { query: "is:thread", finds: ["rollback-why", "rollback"] },
  { query: "deploy -migration", finds: ["deployed", "deploy"] },
  { query: "in:@bob cake", finds: ["secret-gift"] },
  { query: "meeting", finds: ["newest"] },
];
