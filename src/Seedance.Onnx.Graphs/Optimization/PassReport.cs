namespace Seedance.Onnx.Graphs.Optimization;

/// <summary>What one pass did.</summary>
/// <param name="Pass">Its name.</param>
/// <param name="Changes">How often it changed something.</param>
public sealed record PassReport(string Pass, int Changes);
