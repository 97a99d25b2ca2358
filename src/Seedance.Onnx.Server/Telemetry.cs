using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Seedance.Onnx.Server;

/// <summary>Metrics for whoever scrapes /metrics, and metrics and traces over OTLP where there is a collector: what .NET, its HTTP server, the pipeline and this server tell.</summary>
internal static class Telemetry
{
    // What collectors call this program, where OTEL_SERVICE_NAME does not say otherwise.
    private const string ServiceName = "seedance";

    public static void Add(IServiceCollection services, ServerOptions options)
    {
        OpenTelemetry.OpenTelemetryBuilder telemetry = services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService(ServiceName).AddEnvironmentVariableDetector()).WithMetrics(metrics =>
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
