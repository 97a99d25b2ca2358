using System.Collections.Immutable;
using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Forecasts;

/// <summary>How long a device is foretold to take for a video, and what of it fits into its memory. A prediction, nothing that was measured.</summary>
public sealed record Forecast
{
    /// <summary>What was asked.</summary>
    public required ForecastRequest Request { get; init; }

    /// <summary>What weights and products are taken to be in.</summary>
    public required NumberFormat Format { get; init; }

    /// <summary>How attention is taken to be computed.</summary>
    public required AttentionKernel Attention { get; init; }

    /// <summary>What the device's software reaches.</summary>
    public required EfficiencySheet Efficiency { get; init; }

    /// <summary>The stages in order.</summary>
    public required ImmutableArray<StageForecast> Stages { get; init; }

    /// <summary>What fits into the device's memory.</summary>
    public required ForecastFit Fit { get; init; }

    /// <summary>The frames' size of which decoding does as much at once; the video's own where it decodes whole frames.</summary>
    public required VideoSize Tile { get; init; }

    /// <summary>The same in every format that the device has units for, this one among them.</summary>
    public required ImmutableArray<FormatForecast> Formats { get; init; }

    /// <summary>The time of all stages.</summary>
    public double TotalSeconds => Stages.Sum(stage => stage.Seconds);

    /// <summary>The most bytes at once: the weights of all stages where they fit together, and what the largest stage needs.</summary>
    public double PeakBytes => Fit == ForecastFit.All
        ? Stages.Sum(stage => stage.WeightBytes) + Stages.Max(stage => stage.WorkingBytes)
        : Stages.Max(stage => stage.WeightBytes + stage.WorkingBytes);

    /// <summary>Time for one second of video.</summary>
    public double SecondsPerVideoSecond => TotalSeconds / Request.Seconds;

    /// <summary>What a second of video costs; null where no price was given.</summary>
    public double? PricePerVideoSecond => Request.PricePerHour * SecondsPerVideoSecond / 3600;
}
