//! `kith config check` and `kith config example`.

use crate::cli::{ConfigCommand, Settings};
use crate::{Failure, listen, logging, open};

/// Checks the configuration, or prints the example.
pub(crate) fn run(settings: &Settings, command: &ConfigCommand) -> Result<(), Failure> {
    match command {
        ConfigCommand::Example => {
            print!("{}", kith_config::EXAMPLE);
            Ok(())
        }
        ConfigCommand::Check => check(settings),
    }
}

/// Everything that would end a start, as far as it can be known without touching the data.
fn check(settings: &Settings) -> Result<(), Failure> {
    let config = settings.load()?;
    open::check(&config)?;
    logging::filter(&config.logging)?;
    listen::check(&config)?;
    let file = settings.config_file();
    let file = file.as_deref().map_or("no file: all defaults".into(), |path| path.to_string_lossy());
    println!("The configuration is valid ({file}).");
    println!("  server_name    {}", config.server_name);
    println!("  data_dir       {}", config.data_dir.display());
    println!("  registration   {}", config.effective_registration_mode().as_str());
    Ok(())
}
