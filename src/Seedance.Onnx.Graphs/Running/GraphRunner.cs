namespace Seedance.Onnx.Graphs.Running;

/// <summary>Runs a model; whoever has a runtime gives one, so that nothing here needs any.</summary>
/// <param name="model">The model.</param>
/// <param name="inputs">A tensor for each required input, by name.</param>
/// <returns>A tensor for each output, by name.</returns>
public delegate IReadOnlyDictionary<string, OnnxTensor> GraphRunner(OnnxModel model, IReadOnlyDictionary<string, OnnxTensor> inputs);
