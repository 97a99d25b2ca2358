using System.CommandLine;
using System.Runtime.InteropServices;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Media;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Server;

namespace Seedance.Onnx.Cli;

/// <summary>seedance doctor: whether everything that making videos needs is there.</summary>
internal static class DoctorCommand
{
    public static Command Create(CommandHost host)
    {
        Option<bool> json = TextOption.Json("Print one JSON object, and nothing else.");
        DocumentedCommand command = new(
            "doctor",
            "Looks whether everything is there that making videos needs, and says what to install. Ends with 5 if something is missing.",
            "seedance doctor",
            "seedance doctor --json")
        {
            json,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(json), host, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(bool json, CommandHost host, CancellationToken cancellationToken)
    {
        DoctorCheck[] checks =
        [
            new("seedance", Ok: true, $"{SeedanceCommand.Version} on {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}"),
            new("processor", Ok: true, $"{Environment.ProcessorCount} cores for this program"),
            new("memory", Ok: true, $"{Quantity.Bytes(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)} for this program"),
            await DoctorCheck.LookAsync("ffmpeg", () => FindFFmpegAsync(host, cancellationToken)).ConfigureAwait(false),
            await DoctorCheck.LookAsync("onnxruntime", () => Task.FromResult(DescribeRuntime())).ConfigureAwait(false),
            .. FindProviders(),
            await DoctorCheck.LookAsync("config", () => Task.FromResult(DescribeSettings(host))).ConfigureAwait(false),
            new("cache", Ok: true, DescribeCache(ReadSettingsIfSound(host))),
            await DoctorCheck.LookAsync("server", () => SeedanceServer.ExamineAsync(ServerFlags.Read(host), cancellationToken)).ConfigureAwait(false),
            await DoctorCheck.LookAsync("pack", () => OpenPackAsync(host, cancellationToken)).ConfigureAwait(false),
        ];
        string[] missing = [.. checks.Where(check => !check.Ok).Select(check => check.Name)];
        if (json)
        {
            host.Output.WriteLine(Json.Write(new { Ok = missing.Length == 0, Checks = checks }));
        }
        else
        {
            foreach (DoctorCheck check in checks)
            {
                host.Output.WriteLine($"{(check.Ok ? "ok     " : "MISSING")} {check.Name,-12} {check.Detail}");
            }
        }

        if (missing.Length == 0)
        {
            return ExitCode.Done;
        }

        Failure.Write(host, [$"Everything must be there, but {string.Join(" and ", missing)} must be seen to. The report says how."]);
        return ExitCode.Environment;
    }

    private static string DescribeRuntime()
    {
        RuntimeInfo runtime = RuntimeInfo.Read();
        return $"{runtime.Version}, with Extensions, built for {string.Join(", ", runtime.Providers.Select(provider => provider.ToName()))}";
    }

    /// <summary>The providers beside the CPU: none is needed, so none is missing.</summary>
    private static IEnumerable<DoctorCheck> FindProviders()
    {
        RuntimeInfo runtime;
        try
        {
            runtime = RuntimeInfo.Read();
        }
        catch (ExecutionTargetException)
        {
            return []; // said in the line of onnxruntime
        }

        Dictionary<ExecutionProvider, string> reasons = runtime.FindUnavailable().ToDictionary(skipped => skipped.Provider, skipped => skipped.Reason);
        string cards = runtime.Gpus.Count == 0 ? "no card seen" : string.Join(", ", runtime.Gpus);
        return runtime.Providers.Where(provider => provider != ExecutionProvider.Cpu).Select(provider => new DoctorCheck(
            provider.ToName(), Ok: true, reasons.TryGetValue(provider, out string? reason) ? $"not to be had: {reason}" : $"can be asked for ({cards})"));
    }

    private static string DescribeSettings(CommandHost host)
    {
        _ = ExecutionChoice.ReadSettings(named: null, host);
        return host.Variable(ExecutionChoice.Variable) is { Length: > 0 } path ? host.FullPath(path) : $"none; {ExecutionChoice.Variable} can name a file";
    }

    /// <summary>Where composed graphs and engines are kept; a folder that is not there yet is made when it is needed.</summary>
    private static string DescribeCache(HostSettings settings)
    {
        string folder = settings.CacheFolder ?? EngineCache.DefaultFolder;
        string Describe(string name, string what) => new DirectoryInfo(Path.Combine(folder, name)) is { Exists: true } kept
            ? $"{kept.GetDirectories().Length} {what}, {Quantity.Bytes(kept.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length))}"
            : $"no {what}";
        try
        {
            return $"{folder}: {Describe("graphs", "composed graphs")}; {Describe("tensorrt", "folders of TensorRT's engines")}";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"{folder}: cannot be read: {error.Message}";
        }
    }

    private static async Task<string> FindFFmpegAsync(CommandHost host, CancellationToken cancellationToken)
    {
        FFmpegTool tool = FFmpegTool.Find(host.FFmpeg);
        return $"{await tool.ReadVersionAsync(cancellationToken).ConfigureAwait(false)} ({tool.FFmpegPath})";
    }

    /// <summary>The host's settings; none if they are not sound, which the line of config says.</summary>
    private static HostSettings ReadSettingsIfSound(CommandHost host)
    {
        try
        {
            return ExecutionChoice.ReadSettings(named: null, host);
        }
        catch (HostSettingsException)
        {
            return HostSettings.None;
        }
    }

    /// <summary>Opens the pack as generate would: sums, contract and graphs.</summary>
    private static async Task<string> OpenPackAsync(CommandHost host, CancellationToken cancellationToken)
    {
        string folder = PackLocator.Find(named: null, host);
        PipelineOptions options = new() { Host = ReadSettingsIfSound(host) };
        VideoPipeline pipeline = await VideoPipeline.OpenAsync(folder, options, cancellationToken).ConfigureAwait(false);
        await using (pipeline.ConfigureAwait(false))
        {
            PackContract contract = pipeline.Pack.Contract;
            return $"{contract.Name} {contract.Version} ({folder}): {contract.Files.Count} files verified, graphs open";
        }
    }
}
