using System.Net;
using Microsoft.Data.Sqlite;
using Seedance.Onnx.Testing;
using Seedance.Onnx.Testing.Services;

namespace Seedance.Onnx.Cli;

/// <summary>The server as a process of its own: killed, told to end, and started wrongly.</summary>
[Trait("Tier", "Graph")]
public sealed class ServeProcessTests : IDisposable
{
    private const int Jobs = 50;
    private const int Kills = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly TemporaryFolder _folder = new();
    private readonly int _port = LocalService.FreePort();
    private readonly RepeatingClient _client;

    public ServeProcessTests()
    {
        _client = new RepeatingClient(_port);
    }

    public void Dispose()
    {
        _client.Dispose();
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    /// <summary>50 jobs, some of them sent while the server is being killed, as a client does that repeats a request it heard nothing of.</summary>
    [SkippableFact]
    public async Task Serve_KilledTwentyTimes_LosesNothingAndDoesNothingTwice()
    {
        SeedanceProcess.RequireFFmpeg();
        const int Seed = 20261126;
        Random random = new(Seed);
        using CancellationTokenSource end = new(Patience);
        SeedanceProcess server = await StartAsync(end.Token);
        Task<string[]> submitting = Task.WhenAll(Enumerable.Range(0, Jobs).Select(async job =>
        {
            await Task.Delay(job * 200, end.Token);
            return await _client.SubmitAsync(job, end.Token);
        }));
        for (int kill = 0; kill < Kills; kill++)
        {
            await Task.Delay(random.Next(50, 1500), end.Token);
            await _client.LookAsync();
            await server.DisposeAsync(); // SIGKILL
            AssertSound();
            server = await StartAsync(end.Token);
        }

        await using SeedanceProcess last = server;
        string[] ids = await submitting;
        await _client.WaitForAsync(Jobs, end.Token);
        await _client.AssertEachIsThereOnceAsync(ids);
        await last.KillAsync();
        AssertSound();
    }

    [SkippableFact]
    public async Task Serve_Sigterm_EndsWith0()
    {
        SeedanceProcess.RequireFFmpeg();
        using CancellationTokenSource end = new(Patience);
        await using SeedanceProcess server = await StartAsync(end.Token);
        string id = await _client.SubmitAsync(0, end.Token);

        await server.TerminateAsync(end.Token);

        Assert.Equal(0, server.ExitCode);
        await using SeedanceProcess again = await StartAsync(end.Token);
        Assert.Equal(HttpStatusCode.OK, (await _client.Next.GetAsync($"/v1/videos/{id}", end.Token)).StatusCode);
    }

    [SkippableFact]
    public async Task Serve_SecondOnTheSameFolder_IsRefused()
    {
        SeedanceProcess.RequireFFmpeg();
        using CancellationTokenSource end = new(Patience);
        await using SeedanceProcess server = await StartAsync(end.Token);

        await using SeedanceProcess second = Launch(port: 0);
        await second.WaitAsync(end.Token);

        Assert.Equal(2, second.ExitCode);
        Assert.Contains("must be a folder that only this server writes", await second.Errors, StringComparison.Ordinal);
    }

    private SeedanceProcess Launch(int port) => SeedanceProcess.Start(
        "serve", RepositoryFolder.PathOf("tests", "Shared", "tiny-film-pack"), "--port", $"{port}", "--data-folder", _folder.PathOf("data"), "--max-attempts", "1000", "--drain-seconds", "5");

    private async Task<SeedanceProcess> StartAsync(CancellationToken cancellationToken)
    {
        SeedanceProcess server = Launch(_port);
        while (!await _client.AreReadyAsync(cancellationToken))
        {
            await server.AssertRunsAsync();
            await Task.Delay(50, cancellationToken);
        }

        return server;
    }

    private void AssertSound()
    {
        using SqliteConnection database = new($"Data Source={_folder.PathOf("data", "jobs.db")};Mode=ReadOnly;Pooling=False");
        database.Open();
        using SqliteCommand check = database.CreateCommand();
        check.CommandText = "PRAGMA integrity_check";
        Assert.Equal("ok", check.ExecuteScalar());
    }
}
