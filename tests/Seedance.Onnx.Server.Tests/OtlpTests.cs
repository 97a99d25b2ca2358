using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Seedance.Onnx.Server;

/// <summary>What goes to a collector, against one that speaks OTLP's gRPC as far as this takes.</summary>
[Trait("Tier", "Graph")]
public sealed class OtlpTests
{
    private const string Metrics = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    private const string Traces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    // A gRPC message: not compressed, of no bytes, which is an answer that has nothing to complain of.
    private static readonly byte[] Accepted = new byte[5];

    [SkippableFact]
    public async Task Job_WithACollector_SendsMetricsAndTracesOfThePipelineAndTheServer()
    {
        ConcurrentQueue<(string Path, string Text)> received = new();
        await using WebApplication collector = await CollectAsync(received);
        await using (RunningServer server = await RunningServer.StartAsync(options => options.OtlpEndpoint = collector.Urls.First()))
        {
            await server.WaitForAsync(await server.SubmitAsync(), "completed");
            await server.UntilAsync(async () => (await server.Client.GetStringAsync("/metrics")).Contains("seedance_jobs_ended_total", StringComparison.Ordinal));
        } // what is left is sent when the server ends

        string metrics = TextOf(Metrics), traces = TextOf(Traces);
        Assert.All(["seedance.jobs.ended", "seedance.job.duration", "seedance.videos", "http.server.request.duration"], name => Assert.Contains(name, metrics, StringComparison.Ordinal));
        Assert.Contains("seedance.generate", traces, StringComparison.Ordinal);
        Assert.All([metrics, traces], text => Assert.Contains("service.name\u0012\u000a\u000a\u0008seedance", text, StringComparison.Ordinal));

        string TextOf(string path) => string.Concat(received.Where(call => call.Path == path).Select(call => call.Text));
    }

    [SkippableFact]
    public async Task Job_WithACollectorThatIsAway_IsMadeAllTheSame()
    {
        // Nothing listens at port 9, discard.
        await using RunningServer server = await RunningServer.StartAsync(options => options.OtlpEndpoint = "http://127.0.0.1:9");

        Assert.Equal("completed", (await server.WaitForAsync(await server.SubmitAsync(), "completed", "failed")).GetProperty("status").GetString());
    }

    /// <summary>Names stand in the messages as they are: bytes of protobuf, read as Latin-1.</summary>
    private static async Task<WebApplication> CollectAsync(ConcurrentQueue<(string Path, string Text)> received)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
        WebApplication collector = builder.Build();
        collector.Run(async context =>
        {
            using MemoryStream body = new();
            await context.Request.Body.CopyToAsync(body);
            received.Enqueue((context.Request.Path, Encoding.Latin1.GetString(body.ToArray())));
            context.Response.ContentType = "application/grpc";
            context.Response.DeclareTrailer("grpc-status");
            await context.Response.Body.WriteAsync(Accepted);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        await collector.StartAsync();
        return collector;
    }
}
