using System.Diagnostics;
using System.Text.RegularExpressions;
using Seedance.Onnx.Server;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Cli;

/// <summary>The unit of systemd and the container file: what they say is what this program takes, and the unit's command starts and ends as systemd would have it.</summary>
[Trait("Tier", "Graph")]
public sealed partial class DeploymentTests : IDisposable
{
    private const string Program = "/opt/seedance/seedance";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new();

    private static string Unit { get; } = File.ReadAllText(PathOf("seedance.service"));

    private static string Container { get; } = File.ReadAllText(PathOf("Containerfile"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Variables_OfBoth_AreSettingsOfTheServer()
    {
        string[] named = [.. Variable().Matches(Unit + Container).Select(match => match.Value)];

        Assert.NotEmpty(named);
        Assert.Empty(named.Except(ServerSettings.All.Select(setting => setting.Variable), StringComparer.Ordinal));
    }

    [Fact]
    public void Unit_TimeToStop_IsLongerThanADrain() =>
        Assert.True(int.Parse(Single("TimeoutStopSec")) > new ServerOptions().DrainSeconds + 10);

    [Fact]
    public void Container_Program_IsThatOfTheUnit()
    {
        Assert.Contains($"ENTRYPOINT [\"{Program}\"]", Container, StringComparison.Ordinal);
        Assert.StartsWith($"{Program} serve ", Single("ExecStart"), StringComparison.Ordinal);
        Assert.Contains($"SEEDANCE_PACK={Single("ExecStart").Split(' ')[^1]} ", Container, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Unit_ForSystemd_IsSound()
    {
        string copy = _folder.PathOf("seedance.service"), program = Environment.ProcessPath!;
        await File.WriteAllTextAsync(copy, Unit.Replace(Program, program, StringComparison.Ordinal));
        Process verify;
        try
        {
            verify = Process.Start(new ProcessStartInfo("systemd-analyze", ["verify", "--man=no", copy]) { UseShellExecute = false, RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new SkipException("systemd-analyze must be installed, but is missing. Run: sudo apt-get install --no-install-recommends systemd", missing);
        }

        using (verify)
        {
            string said = await verify.StandardError.ReadToEndAsync();
            await verify.WaitForExitAsync().WaitAsync(Patience);
            Assert.DoesNotContain("seedance.service:", said, StringComparison.Ordinal); // it may complain of other units of the machine
        }
    }

    [SkippableFact]
    public async Task Unit_Command_ServesAndEndsWith0AtItsSignal()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Signals and systemd are Linux's.");
        string[] command = Single("ExecStart").Split(' ');
        ProcessStartInfo start = new("env", ["--default-signal=TERM", "dotnet", typeof(SeedanceCommand).Assembly.Location, .. command[1..^1], RepositoryFolder.PathOf("tests", "Shared", "tiny-film-pack")])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string[] pair in All("Environment").Select(line => line.Split('=', 2)))
        {
            start.Environment[pair[0]] = pair[1].Replace("/var/", _folder.Path + "/", StringComparison.Ordinal);
        }

        start.Environment["SEEDANCE_SERVER_PORT"] = "0";
        using Process server = Process.Start(start)!;
        Task<string> errors = server.StandardError.ReadToEndAsync();
        string? line = await server.StandardOutput.ReadLineAsync().WaitAsync(Patience);
        if (line is null && (await errors).Contains("FFmpeg must be installed", StringComparison.Ordinal))
        {
            throw new SkipException(await errors);
        }

        Assert.True(line?.StartsWith("listening on ", StringComparison.Ordinal), await (line is null ? errors : Task.FromResult(line)));
        using HttpClient client = new() { BaseAddress = new Uri(line!["listening on ".Length..]) };
        Assert.Equal("ok", await client.GetStringAsync("/healthz"));
        using (Process kill = Process.Start("kill", ["-TERM", $"{server.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        await server.WaitForExitAsync().WaitAsync(Patience);
        Assert.Equal(0, server.ExitCode);
        Assert.True(File.Exists(_folder.PathOf("lib", "seedance", "jobs.db")), await errors);
    }

    private static string PathOf(string name) => RepositoryFolder.PathOf("src", "Seedance.Onnx.Server", "Deployment", name);

    private static IEnumerable<string> All(string key) => Unit.Split('\n').Where(line => line.StartsWith(key + "=", StringComparison.Ordinal)).Select(line => line[(key.Length + 1)..]);

    private static string Single(string key) => All(key).Single();

    [GeneratedRegex("SEEDANCE_SERVER_[A-Z_]*[A-Z]")]
    private static partial Regex Variable();
}
