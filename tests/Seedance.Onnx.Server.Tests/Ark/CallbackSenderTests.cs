using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Seedance.Onnx.Server.Ark;

/// <summary>Callbacks: what is told, how it is signed, and that a receiver that fails is asked again.</summary>
[Trait("Tier", "Graph")]
public sealed class CallbackSenderTests
{
    private const string Secret = "a secret of both";

    [SkippableFact]
    public async Task Task_WithCallback_TellsStatesSignedUntilTheReceiverTakesThem()
    {
        ConcurrentQueue<(string Signature, string Body)> told = new();
        await using WebApplication receiver = await ReceiveAsync(async context =>
        {
            using StreamReader reader = new(context.Request.Body);
            string body = await reader.ReadToEndAsync();
            told.Enqueue((context.Request.Headers[CallbackSender.SignatureHeader]!, body));
            bool firstEnd = body.Contains("succeeded", StringComparison.Ordinal) && told.Count(call => call.Body.Contains("succeeded", StringComparison.Ordinal)) == 1;
            context.Response.StatusCode = firstEnd ? 500 : 200;
        });
        await using RunningServer server = await RunningServer.StartAsync(options => (options.CallbackSecret, options.PrivateHosts) = (Secret, "127.0.0.1"));

        (int status, JsonElement created) = await server.PostAsync("/api/v3/contents/generations/tasks", new { model = "m", content = new[] { new { type = "text", text = "a red ball" } }, callback_url = receiver.Urls.First() + "/told" });

        Assert.Equal(200, status);
        await server.UntilAsync(() => Task.FromResult(told.Count(call => call.Body.Contains("succeeded", StringComparison.Ordinal)) == 2));
        Assert.All(told, call =>
        {
            long seconds = long.Parse(call.Signature.Split(',')[0][2..]);
            Assert.Equal(CallbackSender.Sign(Secret, seconds, call.Body), call.Signature);
            Assert.Equal(created.GetProperty("id").GetString(), JsonDocument.Parse(call.Body).RootElement.GetProperty("id").GetString());
        });
        Assert.NotEqual(CallbackSender.Sign("another", 1, "{}"), CallbackSender.Sign(Secret, 1, "{}"));
    }

    [SkippableFact]
    public async Task Create_CallbackWithoutASecret_IsRefused()
    {
        await using RunningServer server = await RunningServer.StartAsync();

        (int status, JsonElement body) = await server.PostAsync("/api/v3/contents/generations/tasks", new { model = "m", content = new[] { new { type = "text", text = "a" } }, callback_url = "https://example.org/" });

        Assert.Equal((400, "callback_url"), (status, body.GetProperty("error").GetProperty("param").GetString()));
    }

    [SkippableFact]
    public async Task Task_CallbackToAPrivateAddress_IsNeverCalled()
    {
        int called = 0;
        await using WebApplication receiver = await ReceiveAsync(_ => Task.FromResult(Interlocked.Increment(ref called)));
        string port = new Uri(receiver.Urls.First()).Port.ToString();
        await using RunningServer server = await RunningServer.StartAsync(options => options.CallbackSecret = Secret);

        (int status, JsonElement created) = await server.PostAsync("/api/v3/contents/generations/tasks", new { model = "m", content = new[] { new { type = "text", text = "a red ball" } }, callback_url = $"https://127.0.0.1:{port}/" });
        await server.WaitForAsync(created.GetProperty("id").GetString()!, "completed");
        await server.UntilAsync(async () => (await server.Store.FindAsync(created.GetProperty("id").GetString()!, default))!.Told == Jobs.JobStatus.Succeeded);

        Assert.Equal((200, 0), (status, called));
    }

    private static async Task<WebApplication> ReceiveAsync(Func<HttpContext, Task> receive)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication receiver = builder.Build();
        receiver.Run(context => receive(context));
        await receiver.StartAsync();
        return receiver;
    }
}
