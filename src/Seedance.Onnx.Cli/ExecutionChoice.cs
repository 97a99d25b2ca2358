using System.CommandLine;
using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Cli;

/// <summary>The options of every command that runs graphs: what they run on, and the host's settings.</summary>
internal sealed class ExecutionChoice
{
    /// <summary>The environment variable that names the host's settings.</summary>
    public const string Variable = "SEEDANCE_CONFIG";

    private readonly Option<ExecutionTarget?> _provider = TextOption.Target(
        "--provider", "What computes: the processor, a graphics card (webgpu), an NVIDIA card (cuda, tensorrt), or the best that is there (auto). [default: the settings', else the pack's, else cpu]");
    private readonly Option<int?> _device = TextOption.Count("--device", "N", "Which NVIDIA card, counted from 0. [default: the settings', else 0]", 0, 1023);
    private readonly Option<ComputePrecision?> _precision = TextOption.ComputePrecision(
        "--precision", "What TensorRT computes with; the other providers compute as the pack's graphs say. [default: the settings', else fp32]");
    private readonly Option<int?> _threads = TextOption.Count(
        "--threads", "N", "Processor threads to use. [default: the settings', else one a core]", 1, ExecutionTarget.MaxThreads);
    private readonly Option<string?> _settings = TextOption.File(
        "--config", "FILE", $"A JSON file with what this machine should run graphs on. [default: ${Variable}]");

    /// <summary>The options, to be added to a command.</summary>
    public IEnumerable<Option> Options => [_provider, _device, _precision, _threads, _settings];

    /// <summary>What the command line asks for.</summary>
    /// <exception cref="InvalidRequestException">It contradicts itself.</exception>
    public ExecutionTarget ReadTarget(ParseResult parsed)
    {
        ExecutionTarget target = (parsed.GetValue(_provider) ?? ExecutionTarget.Unspecified) with
        {
            DeviceId = parsed.GetValue(_device),
            Precision = parsed.GetValue(_precision),
            Threads = parsed.GetValue(_threads),
        };
        return target.FindProblems() is { Count: > 0 } problems ? throw new InvalidRequestException(problems) : target;
    }

    /// <summary>The settings that --config names, or else the variable; none if neither is there.</summary>
    /// <exception cref="HostSettingsException">The file is not there or is malformed.</exception>
    public HostSettings ReadSettings(ParseResult parsed, CommandHost host) => ReadSettings(parsed.GetValue(_settings), host);

    /// <inheritdoc cref="ReadSettings(ParseResult, CommandHost)"/>
    public static HostSettings ReadSettings(string? named, CommandHost host) =>
        (named ?? host.Variable(Variable)) is { Length: > 0 } path ? HostSettings.Read(host.FullPath(path)) : HostSettings.None;
}
