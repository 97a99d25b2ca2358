"""The networks of the shipped pack: causal VAE, text encoder, diffusion transformer, and the flow sampler that is the reference of the C# one."""
