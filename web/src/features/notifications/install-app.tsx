import { installOffer } from "../../lib/install-offer.ts";
import { more } from "../../texts/more.ts";

/** Installs the app. Nothing where the browser does not offer it, or it is installed. */
export function InstallApp() {
  const offer = installOffer.value;
  if (!offer) return null;
  return (
    <div className="dialog-actions">
      <button
        type="button"
        className="button-secondary"
        onClick={() => {
          // It can be asked once.
          installOffer.value = null;
          void offer.prompt();
        }}
      >
        {more.notifications.installApp}
      </button>
    </div>
  );
}
