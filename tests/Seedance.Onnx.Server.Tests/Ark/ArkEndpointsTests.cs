using System.Net;
using System.Text.Json;

namespace Seedance.Onnx.Server.Ark;

/// <summary>Ark over real HTTP, with the tiny pack.</summary>
[Trait("Tier", "Graph")]
public sealed class ArkEndpointsTests
{
    private const string Tasks = "/api/v3/contents/generations/tasks";

    [SkippableFact]
    public async Task Create_Text_MakesATaskWhoseLinksNeedNoKey()
    {
        await using RunningServer server = await RunningServer.StartAsync();

        (int status, JsonElement created) = await server.PostAsync(Tasks, Task("a red ball --seed 11", new { duration = 2, resolution = "480p", return_last_frame = true }));
        string id = created.GetProperty("id").GetString()!;
        JsonElement task = await WaitForAsync(server, id, "succeeded", "failed");

        Assert.Equal(200, status);
        Assert.StartsWith("cgt-", id, StringComparison.Ordinal);
        Assert.Equal(("succeeded", 11, 2, 8), (task.GetProperty("status").GetString(), task.GetProperty("seed").GetInt32(), task.GetProperty("duration").GetInt32(), task.GetProperty("framespersecond").GetInt32()));
        Assert.False(task.TryGetProperty("frames", out _));
        string video = task.GetProperty("content").GetProperty("video_url").GetString()!;
        byte[] content = await server.Client.GetByteArrayAsync(video);
        Assert.Equal("ftyp"u8, content.AsSpan(4, 4));
        Assert.Equal((byte)0x89, (await server.Client.GetByteArrayAsync(task.GetProperty("content").GetProperty("last_frame_url").GetString()!))[0]);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Client.GetAsync(video[..^1] + (video[^1] == '0' ? '1' : '0'))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Client.GetAsync(video.Replace("video.mp4", "latents.safetensors", StringComparison.Ordinal))).StatusCode);
    }

    [SkippableFact]
    public async Task Create_BadBody_NamesEveryParameter()
    {
        await using RunningServer server = await RunningServer.StartAsync();

        (int status, JsonElement body) = await server.PostAsync(Tasks, Task("a", new { ratio = "5:4", duration = "5", seed = -2, rs = "720p", watermark = true, execution_expires_after = 1, frames = 1.5 }));

        string message = body.GetProperty("error").GetProperty("message").GetString()!;
        Assert.Equal((400, "InvalidParameter", "BadRequest"), (status, body.GetProperty("error").GetProperty("code").GetString(), body.GetProperty("error").GetProperty("type").GetString()));
        Assert.All(["ratio", "duration", "seed", "rs", "watermark", "execution_expires_after", "frames"], name => Assert.Contains($"{name} must be", message, StringComparison.Ordinal));
    }

    [SkippableTheory]
    [InlineData("{}", "MissingParameter", "model")]
    [InlineData("""{"model":"m","content":[]}""", "InvalidParameter", "content")]
    [InlineData("""{"model":"m","content":[{"type":"image_url","image_url":{"url":"http://example.org/a.png"}}]}""", "InvalidParameter", "content[0].image_url.url")]
    [InlineData("""{"model":"m","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}""", "InvalidParameter.UnsupportedImageFormat", "content[1].image_url.url")]
    [InlineData("""{"model":"m","content":[{"type":"text","text":"a"}],"ratio":"adaptive"}""", "InvalidParameter", "ratio")]
    [InlineData("""{"model":"m","content":[{"type":"text","text":"a"}],"callback_url":"http://example.org/"}""", "InvalidParameter", "callback_url")]
    public async Task Create_Wrong_HasArksCodeAndTheParameter(string json, string code, string parameter)
    {
        await using RunningServer server = await RunningServer.StartAsync();

        (int status, JsonElement body) = await server.PostAsync(Tasks, JsonDocument.Parse(json).RootElement);

        JsonElement error = body.GetProperty("error");
        Assert.Equal((400, code, parameter), (status, error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
    }

    [SkippableFact]
    public async Task Create_NonsenseInPromptFlags_IsPassedOver()
    {
        await using RunningServer server = await RunningServer.StartAsync();

        (int status, JsonElement created) = await server.PostAsync(Tasks, Task("a red ball --ratio wide --dur soon --seed x --fps 99 --rs 8192x8192", new { }));

        Assert.Equal(200, status);
        Assert.Equal("succeeded", (await WaitForAsync(server, created.GetProperty("id").GetString()!, "succeeded", "failed")).GetProperty("status").GetString());
    }

    [SkippableFact]
    public async Task Delete_ByState_CancelsRefusesOrRemoves()
    {
        await using RunningServer server = await RunningServer.StartAsync(holds: true);
        string busy = await server.SubmitAsync();
        await server.WaitForAsync(busy, "in_progress");
        string waiting = (await server.PostAsync(Tasks, Task("a blue ball", new { }))).Body.GetProperty("id").GetString()!;

        HttpResponseMessage running = await server.Client.DeleteAsync($"{Tasks}/{busy}");
        HttpResponseMessage cancelled = await server.Client.DeleteAsync($"{Tasks}/{waiting}");
        HttpResponseMessage again = await server.Client.DeleteAsync($"{Tasks}/{waiting}");

        Assert.Equal((HttpStatusCode.Conflict, "false"), (running.StatusCode, running.Headers.GetValues("x-should-retry").Single()));
        Assert.Equal((HttpStatusCode.OK, ""), (cancelled.StatusCode, await cancelled.Content.ReadAsStringAsync()));
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        Assert.Equal("cancelled", (await server.GetAsync($"{Tasks}/{waiting}")).Body.GetProperty("status").GetString());
        JsonElement list = (await server.GetAsync($"{Tasks}?page_num=1&page_size=5&filter.status=cancelled&filter.task_ids={waiting}&filter.task_ids={busy}")).Body;
        Assert.Equal((1, waiting), (list.GetProperty("total").GetInt32(), list.GetProperty("items")[0].GetProperty("id").GetString()));
    }

    private static Dictionary<string, object?> Task(string text, object more)
    {
        Dictionary<string, object?> task = more.GetType().GetProperties().ToDictionary(property => property.Name, property => property.GetValue(more));
        task["model"] = "doubao-seedance-1-0-pro-250528";
        task["content"] = new[] { new { type = "text", text } };
        return task;
    }

    private static async Task<JsonElement> WaitForAsync(RunningServer server, string id, params string[] statuses)
    {
        JsonElement task = default;
        await server.UntilAsync(async () =>
        {
            task = (await server.GetAsync($"{Tasks}/{id}")).Body;
            return statuses.Contains(task.GetProperty("status").GetString());
        });
        return task;
    }
}
