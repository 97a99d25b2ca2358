namespace Seedance.Onnx.Measurement;

/// <summary>What was measured of a stage.</summary>
/// <param name="Name">"open cold", "open", "text", "step", "decode", "upscale", "encode".</param>
/// <param name="Median">The median time of one run.</param>
/// <param name="P95">The time that 95 % of the runs do not take longer than.</param>
/// <param name="Runs">How many runs were measured.</param>
/// <param name="PerVideo">The median of what one video spends in it; for "step", all steps together.</param>
/// <param name="Undisturbed">What one video would spend in it at the pace of the fastest tenth of its runs: what is left where another program takes turns on the same cores.</param>
/// <param name="Flops">Floating-point operations of one run, counted in its graph; 0 for a stage without graph.</param>
/// <param name="GflopsPerSecond">10^9 of them a second, in the median; 0 for a stage without graph.</param>
/// <param name="ShareOfPeak">That as a share of the products that the same target reached in the same run; 0 for a stage without graph.</param>
public sealed record StageMeasure(string Name, TimeSpan Median, TimeSpan P95, int Runs, TimeSpan PerVideo, TimeSpan Undisturbed, double Flops, double GflopsPerSecond, double ShareOfPeak);
