using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Seedance.Onnx.Server;

namespace Seedance.Onnx.Cli;

/// <summary>seedance serve: the same over HTTP, with jobs that survive.</summary>
internal static class ServeCommand
{
    public static Command Create(CommandHost host)
    {
        Option<string?> newKey = TextOption.Text("--new-key", "NAME", "Make an API key for somebody, show it this once, and end. Only its hash is kept.");
        ServerFlags flags = new(ServerSettings.All, host);
        DocumentedCommand command = new(
            "serve",
            $"Serves videos over HTTP, by the APIs of OpenAI Videos and Volcengine Ark. Every setting can also stand in the environment ({ServerSettings.VariablePrefix}MAX_QUEUED) and in a file (\"max_queued\").",
            "seedance serve",
            "seedance serve onnx/seedance-mini --port 8040 --data-folder /var/lib/seedance",
            "seedance serve --new-key alice",
            "seedance serve --urls http://0.0.0.0:8040");
        flags.AddTo(command, newKey);
        command.SetAction((parsed, cancellationToken) => RunAsync(flags, newKey, parsed, host, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ServerFlags flags, Option<string?> newKey, ParseResult parsed, CommandHost host, CancellationToken cancellationToken)
    {
        ServerOptions options = flags.Read(parsed);
        if (parsed.GetValue(newKey) is { } name)
        {
            host.Output.WriteLine(SeedanceServer.AddKey(options, name));
            return ExitCode.Done;
        }

        WebApplication server = SeedanceServer.Create(options, flags.ReadPipeline(parsed));
        await using (server.ConfigureAwait(false))
        {
            await server.StartAsync(cancellationToken).ConfigureAwait(false);
            host.Output.WriteLine($"listening on {string.Join(", ", server.Urls)}");
            await server.WaitForShutdownAsync(cancellationToken).ConfigureAwait(false);
        }

        return ExitCode.Done;
    }
}
