using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Seedance.Onnx.Hosting;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Server.Fuzz;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Server.Jobs;

/// <summary>Jobs across stops and starts, time limits, priorities and deletion.</summary>
[Trait("Tier", "Graph")]
public sealed class JobWorkerTests
{
    [SkippableFact]
    public async Task Start_AfterAKillInDecode_GoesOnFromKeptLatentsWithACountedAttempt()
    {
        using TemporaryFolder folder = new();
        const ulong SeedOfLatents = 4711;
        string id = "video_" + new string('a', 32);
        await using (RunningServer before = await RunningServer.StartAsync(folder: folder.PathOf("data")))
        {
            VideoJob job = Job(id, seed: 1);
            job.Status = JobStatus.Running;
            job.Attempts = 1;
            before.Files.Begin(job);
            VideoPipeline pipeline = await before.Services.GetRequiredService<VideoPipelineSource>().GetAsync();
            GenerationPlan plan = await pipeline.PlanAsync(job.Order.ToRequest(_ => null!) with { Seed = SeedOfLatents });
            await foreach (Media.VideoFrame _ in pipeline.GenerateAsync(plan, new GenerationEvents { Latents = clip => clip.Save(before.Files.Latents(job)) }))
            {
            }

            await before.Store.AddAsync(job, 10, default);
        }

        await using RunningServer after = await RunningServer.StartAsync(folder: folder.PathOf("data"));
        await after.WaitForAsync(id, "completed", "failed");

        VideoJob end = (await after.Store.FindAsync(id, default))!;
        GenerationRecord record = await GenerationRecord.ReadAsync(after.Files.Video(end), RunningServer.FindFFmpeg());
        Assert.Equal((JobStatus.Succeeded, 2, SeedOfLatents), (end.Status, end.Attempts, record.Request.Seed!.Value));
        Assert.False(File.Exists(after.Files.Latents(end)));
    }

    [SkippableFact]
    public async Task Stop_WithARunningJob_PutsItBackUncounted()
    {
        using TemporaryFolder folder = new();
        string id;
        await using (RunningServer before = await RunningServer.StartAsync(options => options.DrainSeconds = 0, folder.PathOf("data")))
        {
            id = await before.SubmitAsync(RunningServer.Slow);
            await before.WaitForAsync(id, "in_progress");
            await before.StopAsync();
            VideoJob stopped = (await before.Store.FindAsync(id, default))!;
            Assert.True(stopped is { Status: JobStatus.Queued, Attempts: 0 } or { Status: JobStatus.Succeeded }, stopped.Status.ToString());
        }

        await using RunningServer after = await RunningServer.StartAsync(folder: folder.PathOf("data"));
        Assert.Equal("completed", (await after.WaitForAsync(id, "completed", "failed")).GetProperty("status").GetString());
    }

    [SkippableFact]
    public async Task Stop_WithTimeToDrain_LetsTheRunningJobEnd()
    {
        using TemporaryFolder folder = new();
        await using RunningServer server = await RunningServer.StartAsync(options => options.DrainSeconds = 60, folder.PathOf("data"), holds: true);
        string running = await server.SubmitAsync(), waiting = await server.SubmitAsync();
        await server.WaitForAsync(running, "in_progress");

        Task stopped = server.StopAsync();
        await server.UntilAsync(() => Task.FromResult(server.Services.GetRequiredService<Readiness>().Ends));
        server.Release();
        await stopped;

        Assert.Equal(JobStatus.Succeeded, (await server.Store.FindAsync(running, default))!.Status);
        Assert.Equal(JobStatus.Queued, (await server.Store.FindAsync(waiting, default))!.Status);
    }

    [SkippableFact]
    public async Task Stop_WhileAClientHasNotSaidAll_StopsTheJobMeanwhile()
    {
        using TemporaryFolder folder = new();
        await using RunningServer server = await RunningServer.StartAsync(options => options.DrainSeconds = 0, folder.PathOf("data"), holds: true);
        string running = await server.SubmitAsync();
        await server.WaitForAsync(running, "in_progress");
        using RawConnection slow = await RawConnection.OpenAsync(server.Client.BaseAddress!);
        _ = slow.AskAsync("POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 24\r\n\r\n{"u8.ToArray(), ends: false, default);
        await server.UntilAsync(async () => Regex.IsMatch(await server.Client.GetStringAsync("/metrics"), "http_server_active_requests\\{[^}]*POST[^}]*\\} [1-9]"));

        Task stopped = server.StopAsync();
        await server.UntilAsync(async () => await server.Store.FindAsync(running, default) is { Status: JobStatus.Queued, Attempts: 0 });

        Assert.False(stopped.IsCompleted);
        slow.Dispose();
        await stopped;
    }

    [SkippableFact]
    public async Task Delete_RunningJob_StopsItAndLeavesNothing()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        string running = await server.SubmitAsync(RunningServer.Slow);
        await server.WaitForAsync(running, "in_progress");

        using HttpResponseMessage deleted = await server.Client.DeleteAsync($"/v1/videos/{running}");
        string next = await server.SubmitAsync();

        Assert.True(deleted.IsSuccessStatusCode);
        await server.WaitForAsync(next, "completed");
        await server.UntilAsync(() => Task.FromResult(server.Files.Folders().Select(folder => folder.Id).SequenceEqual([next])));
    }

    [SkippableFact]
    public async Task Run_LongerThanItsLimit_FailsWithTheReason()
    {
        // No settings file could say so: a limit that every machine exceeds.
        await using RunningServer server = await RunningServer.StartAsync(options => options.JobSeconds = 0);
        string id = await server.SubmitAsync(RunningServer.Slow);

        JsonElement end = await server.WaitForAsync(id, "completed", "failed");

        Assert.Equal(("failed", "time_limit"), (end.GetProperty("status").GetString(), end.GetProperty("error").GetProperty("code").GetString()));
    }

    [SkippableFact]
    public async Task Submit_QueueFull_Is429WithRetryAfter()
    {
        await using RunningServer server = await RunningServer.StartAsync(options => options.MaxQueued = 1, holds: true);
        string running = await server.SubmitAsync();
        await server.WaitForAsync(running, "in_progress");
        _ = await server.SubmitAsync();

        using HttpResponseMessage full = await server.Client.PostAsync("/v1/videos", System.Net.Http.Json.JsonContent.Create(RunningServer.Slow));

        Assert.Equal((429, true), ((int)full.StatusCode, full.Headers.RetryAfter?.Delta > TimeSpan.Zero));
        Assert.Equal([running], server.Files.Folders().Select(folder => folder.Id));
    }

    [SkippableFact]
    public async Task Clean_ExpiredAndOldJobs_GoAsTheirTimesSay()
    {
        await using RunningServer server = await RunningServer.StartAsync(options => (options.ResultSeconds, options.RecordSeconds) = (2, 4), holds: true);
        string id = await server.SubmitAsync();
        await server.WaitForAsync(id, "in_progress");
        VideoJob late = Job("video_late", seed: 1);
        late.Status = JobStatus.Queued;
        late.Deadline = 1;
        late.Priority = 0;
        server.Files.Begin(late);
        await server.Store.AddAsync(late, 100, default);

        await server.UntilAsync(async () => (await server.Store.FindAsync(late.Id, default)) is { Status: JobStatus.Expired });
        server.Release();
        await server.UntilAsync(async () => (await server.Client.GetAsync($"/v1/videos/{id}/content")).StatusCode == System.Net.HttpStatusCode.NotFound);
        await server.UntilAsync(async () => await server.Store.FindAsync(id, default) is null);
        await server.UntilAsync(() => Task.FromResult(server.Files.Folders().All(folder => folder.Id != id)));
    }

    private static VideoJob Job(string id, ulong seed) => new()
    {
        Id = id,
        Owner = "",
        Model = "m",
        Deadline = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeMilliseconds(),
        Order = new VideoOrder { Prompt = "a red ball", Width = 48, Height = 32, Frames = 5, Fps = 8, Seed = seed },
    };
}
