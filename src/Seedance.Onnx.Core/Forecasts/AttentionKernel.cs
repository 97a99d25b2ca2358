namespace Seedance.Onnx.Forecasts;

/// <summary>How attention is computed.</summary>
/// <param name="Name">Its name, for example "flash2".</param>
/// <param name="Efficiency">The share of the device's peak that its products reach, 0 to 1.</param>
/// <param name="Format">What its products are computed in; null for what the rest of the model is in.</param>
/// <param name="IsCurrent">Whether it uses the instructions that the device's peak takes; otherwise <see cref="DeviceSheet.OldInstructions"/> lowers it.</param>
/// <param name="ExponentialCost">Exponentials' worth of time for each score that no product hides; 0 where products hide them all.</param>
public sealed record AttentionKernel(string Name, double Efficiency, NumberFormat? Format, bool IsCurrent, double ExponentialCost);
