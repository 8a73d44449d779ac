//! Secrets Manager: rustack's, in memory. What it should hold is put in at every start.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use rustack_secretsmanager_core::{
    config::SecretsManagerConfig, handler::RustackSecretsManagerHandler, provider::RustackSecretsManager,
};
use rustack_secretsmanager_http::service::{SecretsManagerHttpConfig, SecretsManagerHttpService};
use rustack_secretsmanager_model::{
    error::SecretsManagerErrorCode,
    input::{CreateSecretInput, PutSecretValueInput},
};

use super::serving::{Serving, listen};

/// The embedded Secrets Manager.
#[derive(Debug)]
pub(super) struct Secrets {
    provider: Arc<RustackSecretsManager>,
    serving: Serving,
}

impl Secrets {
    pub(super) async fn start() -> Result<Self> {
        let provider = Arc::new(RustackSecretsManager::new(SecretsManagerConfig::default()));
        let handler = Arc::new(RustackSecretsManagerHandler::new(Arc::clone(&provider)));
        let (listener, port) = listen().await?;
        let service = SecretsManagerHttpService::new(handler, SecretsManagerHttpConfig::default());
        Ok(Self { provider, serving: Serving::http(listener, port, service) })
    }

    pub(super) fn endpoint(&self) -> &str {
        self.serving.endpoint()
    }

    pub(super) async fn stop(self) {
        self.serving.stop().await;
    }

    /// Creates the secret, or makes `value` its current version.
    pub(super) fn put(&self, name: &str, value: &str) -> Result<()> {
        let create = CreateSecretInput {
            name: name.to_owned(),
            secret_string: Some(value.to_owned()),
            ..CreateSecretInput::default()
        };
        match self.provider.handle_create_secret(create) {
            Ok(_) => return Ok(()),
            Err(error) if error.code == SecretsManagerErrorCode::ResourceExistsException => {}
            Err(error) => return Err(anyhow!("cannot create the secret {name}: {error}")),
        }
        let put = PutSecretValueInput {
            secret_id: name.to_owned(),
            secret_string: Some(value.to_owned()),
            ..PutSecretValueInput::default()
        };
        self.provider
            .handle_put_secret_value(put)
            .map_err(|error| anyhow!("cannot change the secret {name}: {error}"))?;
        Ok(())
    }
}
