//! What was done, and the table of its names.

use crate::numbered::numbered;

numbered! {
    /// What was done to a thing.
    pub enum Action {
        /// It was created, or recorded.
        Create = 1, "CREATE";
        /// It was changed.
        Update = 2, "UPDATE";
        /// It was removed, or disabled for good.
        Delete = 3, "DELETE";
        /// It was turned on.
        Activate = 4, "ACTIVATE";
        /// It was turned off.
        Deactivate = 5, "DEACTIVATE";
        /// A module claimed it.
        Claim = 6, "CLAIM";
        /// A module took its claim back.
        Unclaim = 7, "UNCLAIM";
        /// It was taken back.
        Revoke = 8, "REVOKE";
        /// It got another secret, or lost its first one.
        Rotate = 9, "ROTATE";
        /// It was stopped for a while.
        Pause = 10, "PAUSE";
        /// It goes on.
        Enable = 11, "ENABLE";
        /// It was stopped because it failed.
        Disable = 12, "DISABLE";
        /// It was handed in, to wait for approval.
        Submit = 20, "SUBMIT";
        /// Somebody has approved it.
        Approve = 21, "APPROVE";
        /// Somebody has rejected it.
        Reject = 22, "REJECT";
        /// Who made it has taken it back.
        Withdraw = 23, "WITHDRAW";
        /// Nobody decided it in time.
        Expire = 24, "EXPIRE";
        /// It was approved, and could not be carried out any more.
        Fail = 25, "FAIL";
        /// It was started.
        Start = 15, "START";
        /// It was to go no further.
        Cancel = 16, "CANCEL";
        /// Another one became the same.
        Merge = 13, "MERGE";
        /// It was forgotten.
        Erase = 14, "ERASE";
        /// She signed in.
        SignIn = 17, "SIGN_IN";
        /// Somebody tried to sign in as her with a wrong password.
        SignInRefused = 18, "SIGN_IN_REFUSED";
        /// She signed out.
        SignOut = 19, "SIGN_OUT";
    }
}
