using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Seedance.Onnx.Server;

namespace Seedance.Onnx.Cli;

/// <summary>seedance serve: the same over HTTP, with jobs that survive.</summary>
internal sealed class ServeCommand
{
    private readonly Argument<string?> _pack = new("PACK")
    {
        Description = $"The pack that makes the videos. [default: ${PackLocator.Variable}, else {PackLocator.DefaultPack}]",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _settings = TextOption.File("--server-config", "FILE", $"A JSON file with these settings. [default: ${ServerSettings.FileVariable}]");
    private readonly Option<string?> _newKey = TextOption.Text("--new-key", "NAME", "Make an API key for somebody, show it this once, and end. Only its hash is kept.");
    private readonly ExecutionChoice _execution = new();
    private readonly (ServerSettings Setting, Option<string?> Option)[] _flags;
    private readonly CommandHost _host;

    private ServeCommand(CommandHost host)
    {
        _host = host;
        _flags = [.. ServerSettings.All.Select(setting => (setting, TextOption.Text(
            setting.Flag, setting.ValueName, $"{setting.Description}.{(setting.Default is { } value ? $" [default: {value}]" : "")}")))];
    }

    public static Command Create(CommandHost host)
    {
        ServeCommand serve = new(host);
        DocumentedCommand command = new(
            "serve",
            $"Serves videos over HTTP, by the APIs of OpenAI Videos and Volcengine Ark. Every setting can also stand in the environment ({ServerSettings.VariablePrefix}MAX_QUEUED) and in a file (\"max_queued\").",
            "seedance serve",
            "seedance serve onnx/seedance-mini --port 8040 --data-folder /var/lib/seedance",
            "seedance serve --new-key alice",
            "seedance serve --urls http://0.0.0.0:8040")
        {
            serve._pack,
        };
        foreach (Option option in serve._flags.Select(flag => flag.Option).Concat<Option>([serve._settings, serve._newKey]).Concat(serve._execution.Options))
        {
            command.Add(option);
        }

        command.SetAction(serve.RunAsync);
        return command;
    }

    /// <summary>The settings of a server that is started here.</summary>
    /// <param name="named">The settings file that the command line names; null if it is not there.</param>
    /// <param name="host">The environment.</param>
    /// <param name="written">What the command line says.</param>
    /// <exception cref="HostSettingsException">A setting is wrong; every problem is listed.</exception>
    public static ServerOptions ReadOptions(string? named, CommandHost host, IReadOnlyDictionary<string, string> written)
    {
        string? file = (named ?? host.Variable(ServerSettings.FileVariable)) is { Length: > 0 } path ? host.FullPath(path) : null;
        ServerOptions options = ServerSettings.Read(file, host.Variable, written);
        options.DataFolder = host.FullPath(options.DataFolder);
        return options;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        Dictionary<string, string> written = _flags.Where(flag => parsed.GetValue(flag.Option) is not null).ToDictionary(flag => flag.Setting.Key, flag => parsed.GetValue(flag.Option)!);
        ServerOptions options = ReadOptions(parsed.GetValue(_settings), _host, written);
        if (parsed.GetValue(_newKey) is { } name)
        {
            _host.Output.WriteLine(SeedanceServer.AddKey(options, name));
            return ExitCode.Done;
        }

        PipelineOptions pipeline = new() { FFmpeg = _host.FFmpeg, Target = _execution.ReadTarget(parsed), Host = _execution.ReadSettings(parsed, _host) };
        string pack = PackLocator.Find(parsed.GetValue(_pack), _host);
        _ = Media.FFmpegTool.Find(pipeline.FFmpeg);
        WebApplication server = SeedanceServer.Create(options, seedance =>
        {
            seedance.Pack = pack;
            seedance.Pipeline = pipeline;
        });
        await using (server.ConfigureAwait(false))
        {
            await server.StartAsync(cancellationToken).ConfigureAwait(false);
            _host.Output.WriteLine($"listening on {string.Join(", ", server.Urls)}");
            await server.WaitForShutdownAsync(cancellationToken).ConfigureAwait(false);
        }

        return ExitCode.Done;
    }
}
