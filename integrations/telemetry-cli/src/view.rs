//! `telemetry view`: a page over a file.

use std::io::Write;

use telemetry_viewer::Viewer;
use tokio::net::TcpListener;

use crate::args::View;
use crate::failure::Failure;

/// Serves the page until it is interrupted.
pub(crate) fn view(args: &View) -> Result<(), Failure> {
    let mut viewer = Viewer::open(&args.file)?;
    for host in &args.allow_host {
        viewer = viewer.allow_host(host);
    }
    if args.allow_any_peer {
        viewer = viewer.allow_any_peer();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let address = args.address();
        let refused = |source| Failure::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let listening = listener.local_addr()?;
        let mut out = std::io::stdout();
        writeln!(out, "{} at http://{listening}/ (Ctrl-C ends)", args.file.display())?;
        out.flush()?;
        viewer.serve(listener, interrupted()).await?;
        Ok(())
    })
}

async fn interrupted() {
    // Where no signal can be had, the process ends by one all the same.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
