//! Who does what the command line asks for.

use std::error::Error;
use std::path::PathBuf;

use chat_control::{Answer, Request};

use crate::{
    compose::{CONTROL, House, compose_unless_served},
    config::Config,
};

/// Whoever has the data directory: this process, or a server that runs.
pub(crate) enum Master {
    Oneself(House),
    Server(PathBuf),
}

impl Master {
    pub(crate) fn find(config: &Config) -> Result<Self, Box<dyn Error>> {
        let house = compose_unless_served(config)?;
        Ok(house.map_or_else(|| Self::Server(config.data_dir.join(CONTROL)), Self::Oneself))
    }

    pub(crate) async fn ask(&self, request: Request) -> Result<Answer, Box<dyn Error>> {
        match self {
            Self::Oneself(house) => {
                let answer = chat_control::perform(&house.app, request).await;
                house.store.settled().await;
                Ok(answer)
            }
            Self::Server(path) => Ok(chat_control::ask(path, &request).await?),
        }
    }
}
