//! Operations of the user, as they are shown, and what the user does about those that did not go well.

use crate::{Code, Core, CoreError, Result};
use inkhorn_protocol::OpId;
use inkhorn_protocol::projection::OperationInfo;

impl Core {
    /// Operations that have not ended well (yet), oldest first. Those that wait or are under way go on by themselves;
    /// refused and expired ones are kept until the user says what to do.
    ///
    /// # Errors
    /// None today; the answer may come from elsewhere later.
    pub async fn operations(&self) -> Result<Vec<OperationInfo>> {
        Ok(self.net().operations().shown().list.clone())
    }

    /// Tries a refused or expired operation again. It is sent when the server can be reached.
    ///
    /// # Errors
    /// [`Code::NotFound`] when no such operation waits for the user.
    pub async fn retry_operation(&self, op: &OpId) -> Result<()> {
        if self.net().retry_operation(op).await {
            return Ok(());
        }
        Err(self.no_such(op, "is not one that was refused"))
    }

    /// Lets an operation go, by word of the user: it is not sent (again), and not shown any more.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::Invalid`] while it is under way.
    pub async fn let_go_operation(&self, op: &OpId) -> Result<()> {
        if self.net().let_go_operation(op).await? {
            return Ok(());
        }
        Err(self.no_such(op, "is under way: wait for its end"))
    }

    fn no_such(&self, op: &OpId, otherwise: &str) -> CoreError {
        match self.net().operations().shown().list.iter().any(|info| info.op == *op) {
            true => CoreError::new(Code::Invalid, format!("Operation {op} {otherwise}.")),
            false => CoreError::new(
                Code::NotFound,
                format!("There is no operation {op} here: it has ended, or was let go."),
            ),
        }
    }
}
