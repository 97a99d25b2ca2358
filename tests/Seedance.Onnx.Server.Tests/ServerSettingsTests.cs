using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Server;

/// <summary>Settings from the command line, the environment and a file; and that the README tells them all.</summary>
[Trait("Tier", "Unit")]
public sealed class ServerSettingsTests
{
    [Fact]
    public void Read_ThreePlaces_TheFirstThatSaysSomethingCounts()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.PathOf("server.json"), """{ "workers": 2, "max_queued": 3, "job_seconds": 4, "previews": false }""");

        ServerOptions options = ServerSettings.Read(
            folder.PathOf("server.json"), name => name switch { "SEEDANCE_SERVER_MAX_QUEUED" => "30", "SEEDANCE_SERVER_JOB_SECONDS" => "40", _ => null },
            new Dictionary<string, string> { ["job_seconds"] = "400" });

        Assert.Equal((2, 30, 400, false), (options.Workers, options.MaxQueued, options.JobSeconds, options.Previews));
    }

    [Fact]
    public void Read_WrongValues_AreToldAllAtOnceWithTheirPlace()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.PathOf("server.json"), """{ "workers": 0, "colour": "red" }""");

        HostSettingsException error = Assert.Throws<HostSettingsException>(() => ServerSettings.Read(
            folder.PathOf("server.json"), name => name == "SEEDANCE_SERVER_PREVIEWS" ? "perhaps" : null, new Dictionary<string, string> { ["max_queued"] = "many" }));

        Assert.Equal(4, error.Problems.Count);
        Assert.All(
            ["$.colour must be one of", "$.workers must be a whole number from 1 to 64, but is '0'.", "SEEDANCE_SERVER_PREVIEWS must be true or false", "--max-queued must be a whole number"],
            part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http://0.0.0.0:8040")]
    [InlineData("http://*:8040")]
    [InlineData("http://192.168.1.5:8040")]
    [InlineData("http://127.0.0.1:8040;http://[::]:8040")]
    public async Task Examine_PublicAddressWithoutKeys_IsRefused(string urls)
    {
        using TemporaryFolder folder = new();

        HostSettingsException error = await Assert.ThrowsAsync<HostSettingsException>(() => SeedanceServer.ExamineAsync(new ServerOptions { Urls = urls, DataFolder = folder.Path }));

        Assert.Contains("--new-key", error.Message, StringComparison.Ordinal);
        _ = SeedanceServer.AddKey(new ServerOptions { DataFolder = folder.Path }, "alice");
        Assert.Contains("1 API key", await SeedanceServer.ExamineAsync(new ServerOptions { Urls = urls, DataFolder = folder.Path }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "amqp://127.0.0.1", "but only broker is.")]
    [InlineData("Host=127.0.0.1", null, "but only store is.")]
    [InlineData("Host=127.0.0.1;Port=1", "amqp://127.0.0.1:1", "store must be a PostgreSQL database that can be opened, but is not")]
    [InlineData("nonsense", "amqp://127.0.0.1:1", "store must be a PostgreSQL database that can be opened, but is not")]
    public async Task Examine_StoreAndBrokerThatCannotBe_AreRefused(string? store, string? broker, string told)
    {
        using TemporaryFolder folder = new();

        HostSettingsException error = await Assert.ThrowsAsync<HostSettingsException>(() => SeedanceServer.ExamineAsync(new ServerOptions { Store = store, Broker = broker, DataFolder = folder.Path }));

        Assert.Contains(told, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_BrokerThatIsNoAddressOfOne_SaysWhatItMustBe()
    {
        HostSettingsException error = Assert.Throws<HostSettingsException>(() => ServerSettings.Read(file: null, _ => null, new Dictionary<string, string> { ["broker"] = "http://127.0.0.1" }));

        Assert.Contains("--broker must be an address that begins with amqp:// or amqps://, but is 'http://127.0.0.1'.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Readme_HoldsEverySettingAsTheSourceTellsIt()
    {
        string[] readme = File.ReadAllLines(RepositoryFolder.PathOf("src", "Seedance.Onnx.Server", "README.md"));

        string[] missing = [.. ServerSettings.All.Select(setting => $"| `{setting.Key}` | {setting.Description.Replace("|", "\\|")} | {(setting.Default is { } value ? $"`{value}`" : "")} |").Except(readme)];

        Assert.True(missing.Length == 0, string.Join(Environment.NewLine, missing));
    }
}
