namespace Seedance.Onnx.Forecasts;

/// <summary>The same video in another number format.</summary>
/// <param name="Format">The format.</param>
/// <param name="TotalSeconds">The time of all stages.</param>
/// <param name="Fit">What fits into the device's memory.</param>
public sealed record FormatForecast(NumberFormat Format, double TotalSeconds, ForecastFit Fit);
