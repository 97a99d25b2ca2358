using System.CommandLine;
using Seedance.Onnx.Hosting;
using Seedance.Onnx.Server;

namespace Seedance.Onnx.Cli;

/// <summary>What the commands share that run a part of the server: the pack, the settings as options, and what graphs run on.</summary>
internal sealed class ServerFlags
{
    private readonly Argument<string?> _pack = new("PACK")
    {
        Description = $"The pack that makes the videos. [default: ${PackLocator.Variable}, else {PackLocator.DefaultPack}]",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _settings = TextOption.File("--server-config", "FILE", $"A JSON file with these settings. [default: ${ServerSettings.FileVariable}]");
    private readonly ExecutionChoice _execution = new();
    private readonly (ServerSettings Setting, Option<string?> Option)[] _flags;
    private readonly CommandHost _host;

    /// <param name="settings">The settings that the command takes.</param>
    /// <param name="host">The environment.</param>
    public ServerFlags(IEnumerable<ServerSettings> settings, CommandHost host)
    {
        _host = host;
        _flags = [.. settings.Select(setting => (setting, TextOption.Text(
            setting.Flag, setting.ValueName, $"{setting.Description}.{(setting.Default is { } value ? $" [default: {value}]" : "")}")))];
    }

    /// <summary>Adds the argument and all options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="more">Options of its own, which stand before those of execution.</param>
    public void AddTo(Command command, params IEnumerable<Option> more)
    {
        command.Add(_pack);
        foreach (Option option in _flags.Select(flag => flag.Option).Append<Option>(_settings).Concat(more).Concat(_execution.Options))
        {
            command.Add(option);
        }
    }

    /// <summary>The settings from all places, the command line first.</summary>
    /// <exception cref="HostSettingsException">A setting is wrong; every problem is listed.</exception>
    public ServerOptions Read(ParseResult parsed) => Read(
        parsed.GetValue(_settings), _host, _flags.Where(flag => parsed.GetValue(flag.Option) is not null).ToDictionary(flag => flag.Setting.Key, flag => parsed.GetValue(flag.Option)!));

    /// <summary>The settings from environment and file.</summary>
    /// <exception cref="HostSettingsException">A setting is wrong; every problem is listed.</exception>
    public static ServerOptions Read(CommandHost host) => Read(named: null, host, new Dictionary<string, string>());

    /// <summary>What the command line says of pack and pipeline; FFmpeg must be there.</summary>
    public Action<SeedanceOptions> ReadPipeline(ParseResult parsed)
    {
        PipelineOptions pipeline = new() { FFmpeg = _host.FFmpeg, Target = _execution.ReadTarget(parsed), Host = _execution.ReadSettings(parsed, _host) };
        string pack = PackLocator.Find(parsed.GetValue(_pack), _host);
        _ = Media.FFmpegTool.Find(pipeline.FFmpeg);
        return seedance => (seedance.Pack, seedance.Pipeline) = (pack, pipeline);
    }

    private static ServerOptions Read(string? named, CommandHost host, IReadOnlyDictionary<string, string> written)
    {
        string? file = (named ?? host.Variable(ServerSettings.FileVariable)) is { Length: > 0 } path ? host.FullPath(path) : null;
        ServerOptions options = ServerSettings.Read(file, host.Variable, written);
        options.DataFolder = host.FullPath(options.DataFolder);
        return options;
    }
}
