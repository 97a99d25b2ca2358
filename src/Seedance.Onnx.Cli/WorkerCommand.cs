using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Seedance.Onnx.Hosting;
using Seedance.Onnx.Server;

namespace Seedance.Onnx.Cli;

/// <summary>seedance worker: makes the videos that servers take in, on another machine if wanted.</summary>
internal static class WorkerCommand
{
    public static Command Create(CommandHost host)
    {
        ServerFlags flags = new(ServerSettings.All.Where(setting => setting.IsOfWorkers), host);
        DocumentedCommand command = new(
            "worker",
            "Makes the videos that servers take in, on as many machines as there are: give servers and workers the same store, broker and data folder. It takes the settings of serve, from the same places.",
            "seedance worker --server-config /etc/seedance.json",
            "seedance worker --workers 2 --data-folder /mnt/seedance");
        flags.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(flags, parsed, host, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ServerFlags flags, ParseResult parsed, CommandHost host, CancellationToken cancellationToken)
    {
        IHost worker = SeedanceWorker.Create(flags.Read(parsed), flags.ReadPipeline(parsed));
        await using (((IAsyncDisposable)worker).ConfigureAwait(false))
        {
            // A worker whose pack does not open is of no use: it ends, and says why.
            _ = await worker.Services.GetRequiredService<VideoPipelineSource>().GetAsync(cancellationToken).ConfigureAwait(false);
            await worker.StartAsync(cancellationToken).ConfigureAwait(false);
            host.Output.WriteLine("taking jobs");
            await worker.WaitForShutdownAsync(cancellationToken).ConfigureAwait(false);
        }

        return ExitCode.Done;
    }
}
