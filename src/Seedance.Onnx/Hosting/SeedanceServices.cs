using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Seedance.Onnx.Hosting;

/// <summary>Adds Seedance.Onnx to a host with dependency injection.</summary>
/// <remarks>
/// <code>
/// builder.Services.AddSeedance("onnx/seedance-mini");
/// builder.Services.AddOpenTelemetry().WithTracing(t => t.AddSource(PipelineTelemetry.Name)).WithMetrics(m => m.AddMeter(PipelineTelemetry.Name));
/// // Whoever is given a VideoPipelineSource:
/// VideoPipeline pipeline = await source.GetAsync(cancellationToken);
/// </code>
/// </remarks>
public static class SeedanceServices
{
    /// <summary>Adds a pipeline for a pack with default options.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="pack">The pack's folder.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddSeedance(this IServiceCollection services, string pack) => services.AddSeedance(options => options.Pack = pack);

    /// <summary>
    /// Adds a <see cref="VideoPipelineSource"/>, one for the host. The options are validated when the host starts, all problems at once; the graphs are loaded when somebody asks for
    /// the pipeline first.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddSeedance(this IServiceCollection services, Action<SeedanceOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        _ = services.AddOptions<SeedanceOptions>().Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SeedanceOptions>, SeedanceOptionsValidation>());
        services.TryAddSingleton(provider => new VideoPipelineSource(provider.GetRequiredService<IOptions<SeedanceOptions>>(), provider.GetService<ILoggerFactory>()));
        return services;
    }
}
