using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Seedance.Onnx.Server;

/// <summary>Metrics for whoever scrapes /metrics, and metrics and traces over OTLP where there is a collector: what .NET, its HTTP server, the pipeline and this server tell.</summary>
internal static class Telemetry
{
    public static void Add(IServiceCollection services, ServerOptions options)
    {
        OpenTelemetry.OpenTelemetryBuilder telemetry = services.AddOpenTelemetry().WithMetrics(metrics =>
        {
            _ = metrics.AddMeter(ServerMeter.Name, PipelineTelemetry.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime").AddPrometheusExporter();
            if (options.OtlpEndpoint is { } endpoint)
            {
                _ = metrics.AddOtlpExporter(otlp => otlp.Endpoint = new Uri(endpoint));
            }
        });
        if (options.OtlpEndpoint is { } collector)
        {
            _ = telemetry.WithTracing(traces => traces.AddSource(PipelineTelemetry.Name, "Microsoft.AspNetCore").AddOtlpExporter(otlp => otlp.Endpoint = new Uri(collector)));
        }
    }
}
