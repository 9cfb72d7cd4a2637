//! `serve`: runs the server until it is told to stop, and then waits for what is under way.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use chat_app::App;
use chat_domain::Username;
use chat_http::{Hosts, Metrics, Probe, Readiness, Site};
use chat_ports::Ports;
use chat_sqlite::Health;
use chat_ws::Gateway;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    compose::{CONTROL, House, compose},
    config::Config,
    init::{self, say},
    metrics::{self, Gathered},
};

/// How often sessions whose time is over are ended.
const SWEEP: Duration = Duration::from_mins(10);
/// After how many sweeps everything is done that is to be done from time to time: once a day.
const SWEEPS: u32 = 144;

pub(crate) async fn serve(config: &Config) -> Result<(), Box<dyn Error>> {
    let gathered = metrics::gather()?;
    let house = compose(config)?;
    let admin = Username::parse(init::ADMIN)?;
    init::set_up(&house.app, admin, config.admin_password_hash()?, init::welcome).await?;
    let address = (config.websocket_host, config.websocket_port);
    let listener = TcpListener::bind(address).await;
    let listener =
        listener.map_err(|error| format!("cannot listen on {}:{}: {error}", address.0, address.1))?;
    let bound = listener.local_addr()?;

    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    tasks.spawn(sweep(Arc::clone(&house.app), stop.clone()));
    tasks.spawn(gathered.clone().keep_up(stop.clone()));
    let router = router(
        config,
        &house,
        Hosts::new(config.public_url()?, bound.ip()),
        gathered,
        &tasks,
        &stop,
    );
    attend_the_command_line(config, &house, &tasks, &stop);
    let mut signals = Signals::listen()?;
    let edge = config.edge()?;
    let serving = tasks.spawn(chat_http::serve(
        listener,
        router,
        edge,
        tasks.clone(),
        stop.clone(),
    ));
    say(&format!("listening on http://{bound}"));

    let end = tokio::select! {
        () = signals.next() => Ok(()),
        lost = house.store.lost() => Err(lost.into()),
    };
    tracing::info!("stopping: no new connections, and those that are there are told");
    stop.cancel();
    tasks.close();
    let drained = async {
        // The listener's task only fails by a panic, which the log has.
        let _ = serving.await;
        tasks.wait().await;
    };
    tokio::select! {
        () = drained => {}
        () = tokio::time::sleep(config.shutdown_grace()) => tracing::warn!("something did not end in time"),
        () = signals.next() => tracing::warn!("told twice: stopping at once"),
    }
    end
}

/// Without it the server does its work all the same, and only the command line cannot act on it.
fn attend_the_command_line(config: &Config, house: &House, tasks: &TaskTracker, stop: &CancellationToken) {
    let path = config.data_dir.join(CONTROL);
    match chat_control::listen(&path) {
        Ok(control) => {
            let app = Arc::clone(&house.app);
            tasks.spawn(chat_control::serve(control, app, tasks.clone(), stop.clone()));
        }
        Err(error) => tracing::warn!(
            path = %path.display(),
            ?error,
            "the command line cannot reach this server: there can be no socket here"
        ),
    }
}

fn router(
    config: &Config,
    house: &House,
    hosts: Hosts,
    gathered: Gathered,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> chat_http::Router {
    let gateway = Gateway::start(
        Arc::clone(&house.app),
        Arc::clone(&house.hub),
        config.socket_limits(),
        tasks.clone(),
        stop.clone(),
    );
    let store = house.store.clone();
    let readiness: Probe = Arc::new(move || {
        let store = store.clone();
        Box::pin(async move {
            match store.ping().await {
                Ok(Health::Sound) => Readiness::Ready,
                Ok(Health::ReadsOnly) => Readiness::Degraded,
                Err(_) => Readiness::Down,
            }
        })
    });
    let site = Site {
        hosts,
        upgrade: gateway.upgrade(),
        readiness,
        tasks: tasks.clone(),
        version: env!("CARGO_PKG_VERSION"),
        tells_causes: config.tells_causes(),
        metrics: Some(Metrics {
            text: Arc::new(move || gathered.text()),
            token: config.metrics_token(),
        }),
    };
    chat_http::router(Arc::clone(&house.app), site)
}

async fn sweep<P: Ports>(app: Arc<App<P>>, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(SWEEP);
    let mut sweeps = 0;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => return,
        }
        sweeps = (sweeps + 1) % SWEEPS;
        let swept = if sweeps == 0 {
            app.maintain().await.map(drop)
        } else {
            app.sweep_sessions().await.map(drop)
        };
        if let Err(error) = swept {
            tracing::error!(
                ?error,
                "sessions whose time is over could not be ended; trying again later"
            );
        }
    }
}

/// SIGTERM and ctrl-C.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
