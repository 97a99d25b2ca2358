using System.Collections.Immutable;
using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Forecasts;

/// <summary>Whose time is foretold, and on what.</summary>
public sealed record ForecastRequest
{
    /// <summary>What the model is called.</summary>
    public required string Model { get; init; }

    /// <summary>What is done, stage by stage, for one video.</summary>
    public required ImmutableArray<StageWork> Stages { get; init; }

    /// <summary>The device.</summary>
    public required DeviceSheet Device { get; init; }

    /// <summary>The frames' size.</summary>
    public required VideoSize Size { get; init; }

    /// <summary>Frames of the video.</summary>
    public required int Frames { get; init; }

    /// <summary>Frames a second.</summary>
    public required int Fps { get; init; }

    /// <summary>What weights and products are in; if not specified, what the device is fastest with among 32 and 16 bits.</summary>
    public NumberFormat? Format { get; init; }

    /// <summary>The name of the way to compute attention; that of this runtime if not specified.</summary>
    public string? Attention { get; init; }

    /// <summary>What an hour of the device costs, in any currency; nothing if not specified.</summary>
    public double? PricePerHour { get; init; }

    /// <summary>The length of the video in seconds.</summary>
    public double Seconds => (double)Frames / Fps;
}
