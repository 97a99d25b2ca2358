namespace Seedance.Onnx.Forecasts;

/// <summary>What a stage is foretold to take. A prediction, nothing that was measured.</summary>
/// <param name="Name">The stage: "text", "denoise", "upscale", "decode", "encode".</param>
/// <param name="Seconds">Its time.</param>
/// <param name="Flops">Its floating-point operations.</param>
/// <param name="Bytes">The bytes that it moves, each input and output once.</param>
/// <param name="Bound">What it waits for most.</param>
/// <param name="WeightBytes">Its weights.</param>
/// <param name="WorkingBytes">What it needs besides.</param>
public sealed record StageForecast(string Name, double Seconds, double Flops, double Bytes, ForecastBound Bound, double WeightBytes, double WorkingBytes);
