namespace Seedance.Onnx.Sampling;

/// <summary>Writes the velocity of one branch at one step.</summary>
/// <param name="latents">[n] float32: the latents at the step's noise level.</param>
/// <param name="step">The step: noise level and timestep.</param>
/// <param name="branch">The guided branch, from 0.</param>
/// <param name="velocity">[n] float32: where the velocity goes.</param>
public delegate void VelocityFunction(ReadOnlySpan<float> latents, SolverStep step, int branch, Span<float> velocity);
